import type { FastifyContextConfig, FastifyRequest, onRequestHookHandler, RouteOptions } from 'fastify';
import { WarbleError } from '#domain/errors.ts';
import type { Holder, InFlight } from '../admission/in-flight.ts';
import { isPreflight } from '../cors.ts';
import { crossSiteOf } from '../cross-site.ts';
import type { RateLimitName } from '../route.ts';
import type { Decision, Limits, Policy } from './limits.ts';

/** What a call counts as. */
const POLICIES: Record<RateLimitName, Policy> = {
  read: 'read',
  stream: 'read',
  write: 'write',
  post: 'post',
  signUp: 'signUp',
  signIn: 'signIn',
  report: 'report',
  media: 'media',
  page: 'page',
  probe: 'probe',
};
/** Which policy a call counts against. */
export function policyOf(limit: RateLimitName): Policy {
  return POLICIES[limit];
}

/**
 * Requests that match no route count as reads, except preflights: a browser sends one for each URL that a page calls,
 * and users of one office share the limit.
 */
const UNMATCHED: RateLimitName = 'read';
const PREFLIGHT: RateLimitName = 'probe';

export interface RateLimitDeps {
  limits: Pick<Limits, 'take' | 'maxConcurrent'>;
  inFlight: Pick<InFlight, 'attribute'>;
}

/**
 * Counts a call against its route's limit: for the signed-in user, otherwise for the address (or for address and
 * site, if another site's page sent it). Sign-up and sign-in always count for the address. Sets RateLimit-Policy and
 * RateLimit; throws `rate_limited`. The call also takes one of its user's permits or, without a user, one of those
 * that its address has for requests without a token.
 */
export function createRateLimitStep({ limits, inFlight }: RateLimitDeps): onRequestHookHandler {
  return (request, reply, done) => {
    inFlight.attribute(request, holderOf(request, limits));
    const unmatched = isPreflight(request) ? PREFLIGHT : UNMATCHED;
    const policy = POLICIES[limitOf(request.routeOptions.config) ?? unmatched];
    const who = countedFor(request, policy);
    const decision = limits.take(policy, who, crossSiteOf(request), weightOf(request));
    if (decision === null) return done();
    reply.header('ratelimit-policy', decision.policyHeader);
    reply.header('ratelimit', decision.header);
    if (decision.allowed) return done();
    done(tooManyRequests(decision));
  };
}

/** The URL of a later page. A percent-encoded name counts as `cursor`, as it may be; nobody else writes one so. */
const LATER_PAGE = /[?&](cursor=|[^=&]*%)/;

/** As how many requests a call counts: see `Weight`. The query is not parsed yet. */
function weightOf({ routeOptions: { config }, url }: FastifyRequest): number {
  const weight = config.route?.weight;
  if (weight === undefined) return 1;
  return weight.laterPage !== weight.firstPage && LATER_PAGE.test(url) ? weight.laterPage : weight.firstPage;
}

/** For `onRoute`: throws if a route has no limit. */
export function requireRateLimit({
  method,
  url,
  config,
}: Pick<RouteOptions, 'method' | 'url' | 'config'>): void {
  if (limitOf(config) === undefined) throw new Error(`${method} ${url} has no request limit.`);
}

/**
 * Counts a malformed request, or one whose caller cannot be determined, as a read of its address. Returns an error if
 * there were too many.
 */
export function tooManyInVain(
  { take }: Pick<Limits, 'take'>,
  { address }: FastifyRequest,
): WarbleError | undefined {
  const decision = take('read', address);
  return decision === null || decision.allowed ? undefined : tooManyRequests(decision);
}

function tooManyRequests({ reset_s }: Pick<Decision, 'reset_s'>): WarbleError {
  const detail = `Too many requests of this kind; try again in ${reset_s} s.`;
  return new WarbleError('rate_limited', detail, { retryAfter_s: reset_s });
}

function limitOf(config: FastifyContextConfig | undefined): RateLimitName | undefined {
  return config?.route?.rateLimit ?? config?.rateLimit;
}

function holderOf(
  { caller, address }: FastifyRequest,
  { maxConcurrent }: Pick<Limits, 'maxConcurrent'>,
): Holder {
  if (caller === null) return { who: address, max: maxConcurrent.withoutToken };
  return { who: caller.userId, max: maxConcurrent.user };
}

function countedFor({ caller, address }: FastifyRequest, policy: Policy): number | string {
  return caller === null || policy === 'signUp' || policy === 'signIn' ? address : caller.userId;
}

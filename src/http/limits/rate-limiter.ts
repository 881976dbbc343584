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
 * What is no call at all counts as reading, but for what a browser asks before it calls from another origin: it asks for
 * each address that a page calls, and users of one office share the limit.
 */
const UNMATCHED: RateLimitName = 'read';
const PREFLIGHT: RateLimitName = 'probe';

export interface RateLimitDeps {
  limits: Pick<Limits, 'take' | 'maxConcurrent'>;
  inFlight: Pick<InFlight, 'attribute'>;
}

/**
 * Counts a call against its route's limit: for the user who is signed in, else for the address (of another site's page:
 * for the address and that site); signing up and in for the address always. Sets RateLimit-Policy and RateLimit; throws
 * `rate_limited`. Whatever a call counts as, it takes one of its user's permits, if they are signed in, or else one of
 * those of its address for nobody in particular.
 */
export function createRateLimitStep({ limits, inFlight }: RateLimitDeps): onRequestHookHandler {
  return (request, reply, done) => {
    inFlight.attribute(request, holderOf(request, limits));
    const unmatched = isPreflight(request) ? PREFLIGHT : UNMATCHED;
    const policy = POLICIES[limitOf(request.routeOptions.config) ?? unmatched];
    const decision = limits.take(policy, countedFor(request, policy), crossSiteOf(request));
    if (decision === null) return done();
    reply.header('ratelimit-policy', decision.policyHeader);
    reply.header('ratelimit', decision.header);
    if (decision.allowed) return done();
    done(tooManyRequests(decision));
  };
}

/** For `onRoute`: throws where a route has no limit. */
export function requireRateLimit({
  method,
  url,
  config,
}: Pick<RouteOptions, 'method' | 'url' | 'config'>): void {
  if (limitOf(config) === undefined) throw new Error(`${method} ${url} has no request limit.`);
}

/** Counts a request whose caller cannot be told, or that is malformed, as a read of its address; the error where there were too many. */
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

/** Signing up, in and out; passwords, sessions and the end of an account. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Accounts, Client, SignedIn } from '#accounts/accounts.ts';
import { WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { checkName } from '#domain/text.ts';
import { clientLeft } from '#http/client-left.ts';
import { crossSiteOf, requireSameOrigin } from '#http/cross-site.ts';
import type { Limits } from '#http/limits/limits.ts';
import { defineRoute, type Route } from '#http/route.ts';
import { PATTERNS } from '#http/schema-faults.ts';
import { forgetCookies, setSessionCookie } from '#http/session-cookie.ts';
import type { Clock } from '#platform/clock.ts';
import type { Social } from '#social/social.ts';
import { Id, Nothing, named, namedEnum, nullable, strictObject, Time } from '../schemas/common.ts';
import { profileBasicJson } from '../serializers.ts';

export interface AccountRoutesDeps {
  accounts: Accounts;
  limits: Pick<Limits, 'tokens'>;
  services: { social: Pick<Social, 'view'> };
  clock: Clock;
}

const topic = 'Accounts';

const NewPassword = Type.String({
  minLength: LIMITS.passwordMin,
  maxLength: LIMITS.passwordMax,
  description: 'Any characters, but not a commonly used password, nor the handle with digits.',
});
const Password = Type.String({ minLength: 1, maxLength: LIMITS.passwordMax });
const SessionKind = Type.Optional(
  namedEnum(
    'SessionKind',
    ['token', 'cookie'],
    'With `cookie`, for browsers on this site, a cookie is set and no token returned.',
  ),
);
const SignedInResponse = named('SignedIn', {
  userId: Id,
  token: Type.Optional(
    Type.String({ description: 'For "Authorization: Bearer". Absent where a cookie was set.' }),
  ),
  expires: { ...Time, description: 'When the session ends if it is not used before.' },
});
const SessionCookieHeader = strictObject({
  'Set-Cookie': Type.Optional(
    Type.String({
      description: 'The session, where `session` is `cookie`.',
      examples: ['__Host-warble=…; Path=/; Secure; HttpOnly; SameSite=Lax'],
    }),
  ),
});

export function accountRoutes(deps: AccountRoutesDeps): Route[] {
  return [
    signUpRoute(deps),
    logInRoute(deps),
    logOutRoute(deps),
    passwordRoute(deps),
    meRoute(deps),
    removeRoute(deps),
    sessionsRoute(deps),
    endSessionRoute(deps),
  ];
}

function signUpRoute({ accounts, limits }: AccountRoutesDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/signup',
    auth: 'none',
    rateLimit: 'signUp',
    operationId: 'signUp',
    tag: topic,
    summary: 'Make an account and sign in',
    body: named('SignUp', {
      handle: Type.String({
        pattern: PATTERNS.handle.pattern,
        description: 'Unique, ignoring case.',
        examples: ['ann'],
      }),
      password: NewPassword,
      name: Type.Optional(
        Type.String({ maxLength: 2_000, description: 'Shown to others; the handle where it is left out.' }),
      ),
      invite: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 64,
          description: 'A code from those who run the server, where signing up needs one.',
        }),
      ),
      session: SessionKind,
    }),
    response: SignedInResponse,
    responseHeaders: SessionCookieHeader,
    errors: ['handle_taken', 'invalid_text', 'forbidden', 'sign_up_closed', 'invalid_invite'],
    async handler({ body, request, reply }) {
      const { handle, password, invite, session } = body;
      if (session === 'cookie') requireSameOrigin(request);
      const name = nameOf(body.name ?? handle);
      const from = { device: deviceOf(request), client: clientOf(request, reply) };
      const signedIn = await accounts.signUp({ handle, password, name, invite, ...from });
      limits.tokens.issued(signedIn.token);
      return signedInResponse(signedIn, session, request, reply);
    },
  });
}

function logInRoute({ accounts, limits }: AccountRoutesDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/login',
    auth: 'none',
    rateLimit: 'signIn',
    operationId: 'logIn',
    tag: topic,
    summary: 'Sign in',
    body: named('LogIn', {
      handle: Type.String({ minLength: 1, maxLength: 64 }),
      password: Password,
      session: SessionKind,
    }),
    response: SignedInResponse,
    responseHeaders: SessionCookieHeader,
    errors: ['unauthenticated', 'forbidden'],
    async handler({ body, request, reply }) {
      const { handle, password, session } = body;
      if (session === 'cookie') requireSameOrigin(request);
      const from = { device: deviceOf(request), client: clientOf(request, reply) };
      const signedIn = await accounts.logIn({ handle, password, ...from });
      limits.tokens.issued(signedIn.token);
      return signedInResponse(signedIn, session, request, reply);
    },
  });
}

function logOutRoute({ accounts }: AccountRoutesDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/logout',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'logOut',
    tag: topic,
    summary: 'Sign out: this token or cookie ends at once',
    response: Nothing,
    async handler({ caller, request, reply }) {
      await accounts.logOut(caller);
      forgetCookie(request, reply);
      return {};
    },
  });
}

function passwordRoute({ accounts }: AccountRoutesDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/password',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'changePassword',
    tag: topic,
    summary: 'Change the password; every other session ends',
    body: named('PasswordChange', { current: Password, new: NewPassword }),
    response: Nothing,
    errors: ['forbidden'],
    async handler({ body, caller, request, reply }) {
      const client = clientOf(request, reply);
      await accounts.changePassword({ session: caller, current: body.current, next: body.new, client });
      return {};
    },
  });
}

function meRoute({ accounts, services: { social } }: AccountRoutesDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/me',
    auth: 'required',
    rateLimit: 'read',
    operationId: 'getAccount',
    tag: topic,
    summary: "One's own account",
    response: named('Account', {
      userId: Id,
      handle: Type.String(),
      name: Type.String(),
      pictureUrl: nullable(Type.String()),
      protected: Type.Boolean(),
      moderator: Type.Boolean({ description: 'May see reports and resolve them.' }),
      created: Time,
    }),
    async handler({ caller: { userId } }) {
      const { created, moderator } = await accounts.account({ userId });
      const [user] = await social.view({ viewer: userId, userIds: [userId] });
      if (user === undefined)
        throw new WarbleError('unavailable', 'Your profile is not there yet; try again.');
      const shown = { ...profileBasicJson(user), protected: user.protected, moderator };
      return { userId: String(userId), ...shown, created: new Date(created).toISOString() };
    },
  });
}

function removeRoute({ accounts }: AccountRoutesDeps): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/me',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'removeAccount',
    tag: topic,
    summary: 'End the account: hidden at once; tweets, engagement, follows and media are removed',
    description: 'The handle stays taken for ever, so that nobody can pass for you.',
    body: named('AccountRemoval', { password: Password }),
    response: Nothing,
    errors: ['forbidden'],
    async handler({ body, caller, request, reply }) {
      const client = clientOf(request, reply);
      await accounts.remove({ session: caller, password: body.password, client });
      forgetCookie(request, reply);
      return {};
    },
  });
}

function sessionsRoute({ accounts }: AccountRoutesDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/sessions',
    auth: 'required',
    rateLimit: 'read',
    operationId: 'listSessions',
    tag: topic,
    summary: 'Where you are signed in, last used first',
    response: named('Sessions', {
      sessions: Type.Array(
        named('Session', {
          id: Id,
          created: Time,
          lastUsed: Time,
          expires: { ...Time, description: 'When it ends if it is not used before.' },
          device: Type.String(),
          current: Type.Boolean(),
        }),
      ),
    }),
    async handler({ caller }) {
      const sessions = await accounts.sessions(caller);
      const shown = sessions.map(({ created, lastUsed, expires, ...session }) => ({
        ...session,
        created: new Date(created).toISOString(),
        lastUsed: new Date(lastUsed).toISOString(),
        expires: new Date(expires).toISOString(),
      }));
      return { sessions: shown };
    },
  });
}

function endSessionRoute({ accounts }: AccountRoutesDeps): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/sessions/{id}',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'endSession',
    tag: topic,
    summary: 'Sign out somewhere else',
    params: strictObject({ id: Id }),
    response: Nothing,
    async handler({ params, caller }) {
      await accounts.endSession({ userId: caller.userId, sessionId: params.id });
      return {};
    },
  });
}

function signedInResponse(
  { userId, token, expires }: SignedIn,
  session: Static<typeof SessionKind> | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const response = { userId: String(userId), expires: new Date(expires).toISOString() };
  if (session !== 'cookie') return { ...response, token };
  setSessionCookie(request, reply, { token, maxAge_s: LIMITS.sessionLife_ms / 1_000 });
  return response;
}

function clientOf(request: FastifyRequest, reply: FastifyReply): Client {
  return { address: request.address, site: crossSiteOf(request), signal: clientLeft(reply) };
}

function forgetCookie(request: FastifyRequest, reply: FastifyReply): void {
  if (request.headers.authorization === undefined) forgetCookies(request, reply);
}

function deviceOf(request: FastifyRequest): string {
  return request.headers['user-agent'] ?? '';
}

/** Throws invalid_text. */
function nameOf(raw: string): string {
  const checked = checkName(raw);
  if (checked.ok) return checked.text;
  const { reason } = checked;
  throw new WarbleError('invalid_text', reason, { errors: [{ pointer: '#/name', detail: reason }] });
}

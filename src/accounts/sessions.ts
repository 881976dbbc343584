/** Sessions: their tokens, their last use, and their end. */
import { hash } from 'node:crypto';
import { WarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#platform/clock.ts';
import type { Mint } from '#platform/ids/minter.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import type { PubSub } from '#queue/pubsub.ts';
import type { AccountRow } from './account-row.ts';
import type { Session, SessionInfo, SignedIn } from './accounts.ts';
import type { AccountsStore, NewSession, SessionRow } from './accounts-store.ts';

export interface SessionsDeps {
  store: AccountsStore;
  pubsub: Pick<PubSub, 'publish' | 'hasSubscribers'>;
  mint: Mint;
  clock: Clock;
  random: Random;
}

export interface Sessions {
  /** undefined where the account has another password by now, or is not active. */
  open(account: AccountRow, device: string): Promise<SignedIn | undefined>;
  authenticate(token: string): Promise<Session>;
  list(session: Session): Promise<SessionInfo[]>;
  activeSessions(sessions: Session[]): Promise<Session[]>;
  workers: Worker[];
}

const TOKEN_BYTES = 32;
const TOKEN_CHARACTERS = 43;
const DEVICE_CHARACTERS = 120;
const MAX_SESSIONS_PER_USER = 100;
/** The resolution of `lastUsed`, which is written in batches, so that a read request writes nothing. */
const TOUCH_EVERY_MS = 60_000;
/** How many uses may wait to be written; further ones are recorded at their next request. */
const TOUCHES_WAITING = 100_000;
const SWEEP_EVERY_MS = 3_600_000;

export function createSessions({ store, pubsub, mint, clock, random }: SessionsDeps): Sessions {
  /** Sessions (by token hash) used since their row was written, and when (ms since 1970). */
  const touched = new Map<string, number>();

  function lastUse(row: SessionRow): number {
    return Math.max(row.lastUsed, touched.get(row.tokenHash) ?? 0);
  }
  /** When a session ends if it is not used any more. */
  function endOf(row: SessionRow): number {
    return Math.min(lastUse(row) + LIMITS.sessionIdle_ms, row.created + LIMITS.sessionLife_ms);
  }
  function note({ tokenHash }: SessionRow, now: number): void {
    if (touched.size < TOUCHES_WAITING || touched.has(tokenHash)) touched.set(tokenHash, now);
  }

  /** Tells the user's connected clients of a session on a new device. */
  async function tellOfNewDevice({ userId, sessionId }: NewSession): Promise<void> {
    if (!pubsub.hasSubscribers(userId)) return;
    const newer = await store.notices({ userId, after: sessionId - 1 });
    if (newer.some(({ id }) => id === sessionId))
      pubsub.publish(userId, { type: 'notification', id: sessionId });
  }

  const touch: Worker = {
    name: 'session-use',
    idle_ms: TOUCH_EVERY_MS,
    async step() {
      const batch = [...touched.entries()].slice(0, LIMITS.batch);
      if (batch.length === 0) return false;
      await store.touch({ sessions: batch.map(([tokenHash, lastUsed]) => ({ tokenHash, lastUsed })) });
      for (const [tokenHash, lastUsed] of batch) {
        if (touched.get(tokenHash) === lastUsed) touched.delete(tokenHash);
      }
      return batch.length === LIMITS.batch;
    },
  };
  const sweep: Worker = {
    name: 'session-end',
    idle_ms: SWEEP_EVERY_MS,
    async step() {
      // Recent uses are written first, or the sweep would end a session that is in use.
      if (await touch.step()) return true;
      const now = clock.now();
      return store.dropEnded({
        usedBefore: now - LIMITS.sessionIdle_ms,
        begunBefore: now - LIMITS.sessionLife_ms,
        limit: LIMITS.batch,
      });
    },
  };

  return {
    async open(account, device) {
      const token = random.bytes(TOKEN_BYTES).toString('base64url');
      const { userId, passwordHash } = account;
      const created = clock.now();
      const sessionId = mint({ owner: userId, kind: 'account' });
      const session = { sessionId, userId, tokenHash: hashToken(token), created, device: deviceOf(device) };
      if (!(await store.openSession({ session, passwordHash, maxSessions: MAX_SESSIONS_PER_USER })))
        return undefined;
      await tellOfNewDevice(session);
      const expires = endOf({ ...session, lastUsed: created });
      return { userId, sessionId: String(sessionId), token, expires };
    },

    async authenticate(token) {
      const row =
        token.length === TOKEN_CHARACTERS
          ? await store.sessionByToken({ tokenHash: hashToken(token) })
          : undefined;
      if (row === undefined) throw badToken();
      const now = clock.now();
      if (now >= endOf(row)) throw badToken();
      if (now - lastUse(row) >= TOUCH_EVERY_MS) note(row, now);
      return { userId: row.userId, sessionId: String(row.sessionId) };
    },

    async list({ userId, sessionId: current }) {
      const now = clock.now();
      return (await store.sessionsOf({ userId }))
        .map((row) => ({
          id: String(row.sessionId),
          created: row.created,
          lastUsed: lastUse(row),
          expires: endOf(row),
          device: row.device,
          current: String(row.sessionId) === current,
        }))
        .filter(({ expires }) => expires > now)
        .sort((a, b) => b.lastUsed - a.lastUsed);
    },

    async activeSessions(sessions) {
      const ids = sessions.map(({ sessionId }) => Number(sessionId));
      const held = new Set(await store.activeSessions({ sessionIds: ids }));
      return sessions.filter(({ sessionId }) => held.has(Number(sessionId)));
    },
    workers: [touch, sweep],
  };
}

/**
 * The only stored form of a token. Tokens are random, so one fast hash is enough, and looking it up leaks no timing.
 */
function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** The client's description of itself, cut and without invisible characters. */
function deviceOf(userAgent: string): string {
  return userAgent
    .slice(0, 4 * DEVICE_CHARACTERS)
    .replace(/[^\x21-\x7e]+/g, ' ')
    .trim()
    .slice(0, DEVICE_CHARACTERS);
}

function badToken(): WarbleError {
  return new WarbleError('unauthenticated', 'The token is not valid; sign in again.');
}

/**
 * Event streams. Each user has a log of their last events, and each open stream a position in it. A stream sends what
 * comes after its position, as fast as its client reads, and remembers nothing else. So live and repeated events take
 * one path with the same checks, and a slow client costs no memory. When the log no longer has the events after a
 * stream's position, the stream is closed, and the client gets `reset` when it returns.
 */
import { Readable } from 'node:stream';
import type { Accounts, Session } from '#accounts/accounts.ts';
import { WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import { inBatches } from '#platform/batches.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import type { PubSub } from '#queue/pubsub.ts';
import { createEventLog, type EventLog } from './event-log.ts';
import { createEventText, type EventTextDeps, eventText } from './event-text.ts';
import type { Streams } from './streams.ts';

export interface StreamsServiceDeps extends EventTextDeps {
  pubsub: PubSub;
  accounts: Pick<Accounts, 'activeSessions'>;
  clock: Clock;
  random: Random;
  /** Called with errors that end a stream, for the server's log. */
  onError?: (error: unknown) => void;
  /** The most open streams; one more gets 503. */
  max?: number;
}

const MAX_STREAMS = 20_000;
/** How many events a user's log keeps, and how long the log is kept after the last stream has ended. */
const REMEMBERED = 512;
const REMEMBERED_MS = 5 * 60_000;
/** The most logs kept without an open stream. */
const MAX_AWAY = 10_000;
const BATCH = 64;
const HEARTBEAT_MS = 15_000;
/** A client that reads nothing for this long is gone. */
const STALLED_MS = 60_000;
const BUFFER_BYTES = 16 * 1024;
/** How often sessions are checked: streams of a revoked session end within 5 s. */
const CHECK_EVERY_MS = 2_000;

interface User {
  log: EventLog;
  streams: Set<Stream>;
  stop: () => void;
  /** Since when no stream is open (monotonic ms); null: one is. */
  away: number | null;
}
interface Stream {
  session: Session;
  user: User;
  /** The number of the last entry sent or skipped. */
  position: number;
  out: Readable;
  /** The client can take more. */
  ready: boolean;
  pumping: boolean;
  /** When the client last read something, and when something was last sent (monotonic ms). */
  taken: number;
  sent: number;
}

/** When a client should reconnect: at random, or all those cut off by one stop would return at once. */
const RETRY_MS = { from: 2_000, to: 10_000 };

function randomRetry_ms(random: Random): number {
  return RETRY_MS.from + random.integer(RETRY_MS.to - RETRY_MS.from + 1);
}

export function createStreamsService(deps: StreamsServiceDeps): Streams {
  const { pubsub, accounts, clock, random, onError = () => {}, max = MAX_STREAMS } = deps;
  const textOf = createEventText(deps);
  const users = new Map<UserId, User>();
  const open = new Set<Stream>();
  let closed = false;
  let checked = Number.NEGATIVE_INFINITY;

  function listenFor(userId: UserId): User {
    const known = users.get(userId);
    if (known !== undefined) return known;
    const log = createEventLog(random.bytes(6).toString('hex'), REMEMBERED);
    const streams = new Set<Stream>();
    const stop = pubsub.subscribe(userId, (event) => {
      log.append(event);
      if (event.type === 'notification') log.append({ type: 'counts' });
      for (const stream of streams) void pump(stream);
    });
    const user: User = { log, streams, stop, away: null };
    users.set(userId, user);
    return user;
  }

  function send(stream: Stream, text: string): void {
    stream.ready = stream.out.push(text);
    stream.sent = clock.monotonic();
  }

  function end(stream: Stream): void {
    if (!open.delete(stream)) return;
    const { user } = stream;
    user.streams.delete(stream);
    if (user.streams.size === 0) user.away = clock.monotonic();
    // A client that reads nothing would not read the end either.
    if (stream.ready) stream.out.push(null);
    else stream.out.destroy();
  }

  /** Sends what comes after the stream's position while the client reads. Runs once at a time per stream. */
  async function pump(stream: Stream): Promise<void> {
    if (stream.pumping) return;
    stream.pumping = true;
    const { log } = stream.user;
    try {
      while (open.has(stream) && stream.ready && stream.position < log.newest()) {
        const { position } = stream;
        const entries = log.after(position, BATCH);
        if (entries === undefined) return end(stream);
        const text = await textOf(stream.session.userId, entries, (index) => log.idOf(position + index + 1));
        if (!open.has(stream)) return;
        stream.position = position + entries.length;
        if (text !== '') send(stream, text);
      }
      // Too slow: the log no longer has the events after its position.
      if (open.has(stream) && log.after(stream.position, 0) === undefined) end(stream);
    } catch (error) {
      // What cannot be checked is not sent. The client reconnects after `retry` and gets it then.
      onError(error);
      end(stream);
    } finally {
      stream.pumping = false;
    }
  }

  /** Where a stream begins: after the client's last event if the log still has it, otherwise at the log's end. */
  function startOf(log: EventLog, lastEventId: string | null): { position: number; reset: boolean } {
    if (lastEventId === null) return { position: log.newest(), reset: false };
    const position = log.numberOf(lastEventId);
    if (position === undefined || log.after(position, 0) === undefined)
      return { position: log.newest(), reset: true };
    return { position, reset: false };
  }

  async function endRevoked(): Promise<void> {
    const sessions = [...new Map([...open].map(({ session }) => [session.sessionId, session])).values()];
    const found = await inBatches(sessions, LIMITS.batch, (batch) =>
      accounts.activeSessions({ sessions: batch }),
    );
    const activeSessions = new Set(found.map(({ sessionId }) => sessionId));
    const asked = new Set(sessions.map(({ sessionId }) => sessionId));
    for (const stream of open) {
      const { sessionId } = stream.session;
      if (asked.has(sessionId) && !activeSessions.has(sessionId)) end(stream);
    }
  }

  function beat(now: number): void {
    for (const stream of open) {
      if (!stream.ready && now - stream.taken >= STALLED_MS) end(stream);
      else if (stream.ready && now - stream.sent >= HEARTBEAT_MS) send(stream, ': still here\n\n');
    }
  }

  /** Forgets logs without streams, those longest unused first. */
  function forgetAway(now: number): void {
    const away = [...users].filter(([, { away }]) => away !== null);
    away.sort(([, a], [, b]) => a.away! - b.away!);
    for (const [index, [userId, user]] of away.entries()) {
      if (now - user.away! < REMEMBERED_MS && away.length - index <= MAX_AWAY) break;
      user.stop();
      users.delete(userId);
    }
  }

  const worker: Worker = {
    name: 'streams',
    idle_ms: 1_000,
    async step() {
      const now = clock.monotonic();
      beat(now);
      if (now - checked >= CHECK_EVERY_MS) {
        forgetAway(now);
        await endRevoked();
        checked = now;
      }
      return false;
    },
  };

  return {
    open({ session, lastEventId }) {
      if (closed) throw new WarbleError('unavailable', 'The server is stopping; come back in a moment.');
      if (open.size >= max)
        throw new WarbleError('overloaded', 'Too many streams are open; come back later.');
      const user = listenFor(session.userId);
      if (user.streams.size >= LIMITS.streamsPerUser) {
        throw new WarbleError(
          'rate_limited',
          `At most ${LIMITS.streamsPerUser} streams are open for each user; close one.`,
          {
            retryAfter_s: 15,
          },
        );
      }
      const now = clock.monotonic();
      const out = new Readable({ highWaterMark: BUFFER_BYTES, read: () => onTaken(stream) });
      const { position, reset } = startOf(user.log, lastEventId);
      const stream: Stream = {
        session,
        user,
        position,
        out,
        ready: true,
        pumping: false,
        taken: now,
        sent: now,
      };
      user.away = null;
      user.streams.add(stream);
      open.add(stream);
      out.on('close', () => end(stream));
      const id = user.log.idOf(position);
      // An id without data sets the client's last event id before the first event.
      send(
        stream,
        `retry: ${randomRetry_ms(random)}\nid: ${id}\n\n${reset ? eventText('reset', id, {}) : ''}`,
      );
      void pump(stream);
      return out;
    },
    count: () => open.size,
    workers: [worker],
    close() {
      closed = true;
      for (const stream of open) end(stream);
      for (const { stop } of users.values()) stop();
      users.clear();
    },
  };

  function onTaken(stream: Stream): void {
    stream.taken = clock.monotonic();
    if (stream.ready) return;
    stream.ready = true;
    void pump(stream);
  }
}

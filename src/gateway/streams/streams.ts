/** Event streams: what happens for a user, told at once over server-sent events. */
import type { Readable } from 'node:stream';
import type { Session } from '#accounts/accounts.ts';
import type { Worker } from '#platform/worker.ts';

export interface Streams {
  /**
   * Opens a stream. `lastEventId`: the last event that the client has; what came since is told again, or `reset`
   * where that is not known any more. The text is UTF-8 of the media type text/event-stream; it ends when the
   * session does, at shutdown, or where the reader is too slow. Throws rate_limited (too many streams of the
   * user), overloaded (too many of all).
   */
  open(request: { session: Session; lastEventId: string | null }): Readable;
  /** How many are open. */
  count(): number;
  workers: Worker[];
  /** Ends every stream at once; none can be opened any more. */
  close(): void;
}

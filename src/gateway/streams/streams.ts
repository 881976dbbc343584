/** Event streams: a user's events, sent as they happen. */
import type { Readable } from 'node:stream';
import type { Session } from '#accounts/accounts.ts';
import type { Worker } from '#platform/worker.ts';

export interface Streams {
  /**
   * Opens a stream. `lastEventId`: the last event that the client has; later ones are sent again, or `reset` if they
   * are no longer known. The text is UTF-8 of the media type text/event-stream. It ends when the session does, at
   * shutdown, or if the client is too slow. Throws rate_limited (too many streams of this user), overloaded (too many
   * in all).
   */
  open(request: { session: Session; lastEventId: string | null }): Readable;
  /** How many are open. */
  count(): number;
  workers: Worker[];
  /** Ends every stream at once. No further one can be opened. */
  close(): void;
}

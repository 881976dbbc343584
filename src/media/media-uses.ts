import type { MediaUse } from './media.ts';

/** What uses which picture: a view over tweets and profiles (see `media-uses-view.ts`). */
export interface MediaUses {
  /** What uses a picture, as far as the view has folded; the newest tweets first. */
  usersOf(request: { name: string; limit: number }): Promise<MediaUse[]>;
  /** Those of the names that something uses, as far as the view has folded. At most 1,000. */
  used(request: { names: string[] }): Promise<string[]>;
  /** Names whose last use has ended since; some, the same again until they are dismissed. */
  released(request: { limit: number }): Promise<string[]>;
  dismiss(request: { names: string[] }): Promise<void>;
}

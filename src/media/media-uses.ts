import type { ViewStore } from '#queue/view.ts';
import type { MediaUse } from './media.ts';
import type { UsesPatch } from './media-uses-view.ts';

/** What uses which picture: a view over tweets and profiles (see `media-uses-view.ts`). */
export interface MediaUses {
  /** What uses a picture, as far as the view has folded; the newest tweets first. */
  usesOf(request: { name: string; limit: number }): Promise<MediaUse[]>;
  /** Those of the names that something uses, as far as the view has folded. At most 1,000. */
  used(request: { names: string[] }): Promise<string[]>;
  /** Some of the names whose last use has ended; they are returned again until they are dismissed. */
  released(request: { limit: number }): Promise<string[]>;
  dismiss(request: { names: string[] }): Promise<void>;
}

/** An open store of the view: one handle. What one writes, all read. */
export interface OpenedMediaUses {
  uses: MediaUses;
  viewStore: ViewStore<UsesPatch>;
  /** Resolves when all writes through this handle are committed. It may not be used afterwards. */
  close(): Promise<void>;
}

/**
 * The rules of media. An upload is a row in `storing`, then the bytes, then the row `kept`: a crash leaves a row
 * that the sweeper finds, never bytes that nobody knows of. What uses a picture is folded from the log
 * (`media-uses-view.ts`); from before a post until after it, a hold keeps the sweeper away (`media-sweeper.ts`).
 */
import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { type Pointer, WarbleError } from '#domain/errors.ts';
import type { UserId } from '#domain/ids.ts';
import { LIMITS } from '#domain/limits.ts';
import type { TweetImage } from '#domain/records.ts';
import type { Clock } from '#platform/clock.ts';
import type { Random } from '#platform/random.ts';
import type { Worker } from '#platform/worker.ts';
import type { Log } from '#queue/log.ts';
import type { ViewRunner } from '#queue/view-runner.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import { checkAlt } from './alt.ts';
import type { Media } from './media.ts';
import { createMediaAudience, type MediaAudienceDeps } from './media-audience.ts';
import type { MediaIndex, MediaRow } from './media-index.ts';
import { extensionOf, MEDIA_TYPES, type MediaStore } from './media-store.ts';
import { createMediaSweeper } from './media-sweeper.ts';
import type { MediaUses } from './media-uses.ts';
import type { Pictures } from './pictures.ts';

export interface MediaServiceDeps {
  index: MediaIndex;
  store: MediaStore;
  uses: MediaUses;
  /** The runner of the view of uses: nothing is deleted before it has caught up. */
  usesRunner: Pick<ViewRunner, 'processedPositions'>;
  log: Pick<Log, 'range'>;
  pictures: Pictures;
  social: Pick<Social, 'view'>;
  tweets: Pick<Tweets, 'get'>;
  resolves: MediaAudienceDeps['resolves'];
  clock: Clock;
  random: Random;
}

const NAME_BYTES = 16;
const FILE_NAME_CHARACTERS = 255;
/** A user's uploads that nothing has used yet: bounds the disk that one user can take in a day. */
const MAX_UNUSED = 1_000;
const HOLD_MS = 15 * 60_000;

export function createMediaService(deps: MediaServiceDeps): { media: Media; workers: Worker[] } {
  const { index, store, pictures, social, clock, random } = deps;
  const audienceOf = createMediaAudience(deps);

  /** An upload may take a quarter of an hour, longer than an erasure waits for requests under way. */
  async function requireActive(owner: UserId): Promise<void> {
    const [user] = await social.view({ viewer: owner, userIds: [owner] });
    if (user?.state === 'active') return;
    throw new WarbleError('unauthenticated', 'This account is no longer active.');
  }

  async function keep(row: Parameters<MediaIndex['begin']>[0]['media'], bytes: Buffer): Promise<void> {
    const checkAt = row.created + LIMITS.mediaUnattached_ms;
    if (!(await index.begin({ media: row, checkAt, maxUnused: MAX_UNUSED }))) {
      throw new WarbleError(
        'rate_limited',
        `At most ${MAX_UNUSED} uploads may wait to be used; use some first.`,
        {
          retryAfter_s: 3_600,
        },
      );
    }
    await store.put(row.name, bytes);
    if (await index.keep({ name: row.name })) return;
    // The owner's account was erased meanwhile, and the bytes arrived after that.
    await store.delete(row.name);
    throw new WarbleError('unavailable', 'The picture could not be kept; upload it again.');
  }

  const media: Media = {
    async upload({ owner, fileName, alt, path, signal }) {
      const { size } = await stat(path);
      if (size > LIMITS.mediaBytes) throw new WarbleError('too_large', 'A picture has at most 8 MiB.');
      const checkedAlt = checkAlt(alt);
      const picture = await pictures.encode({ owner, path, ...(signal === undefined ? {} : { signal }) });
      await requireActive(owner);
      const { width, height, extension } = picture;
      const row = {
        name: `${random.bytes(NAME_BYTES).toString('hex')}.${extension}`,
        owner,
        fileName: fileNameOf(fileName),
        alt: checkedAlt,
        width,
        height,
        contentHash: hash('sha256', picture.bytes, 'hex'),
        created: clock.now(),
      };
      await keep(row, picture.bytes);
      return imageOf(row);
    },

    async hold({ owner, names, pointer = '#/images' }) {
      if (names.length === 0) return { images: [], done: async () => {} };
      const holdId = random.bytes(NAME_BYTES).toString('hex');
      const asked = names.map(fileNameOf);
      const result = await index.hold({ owner, names: asked, holdId, until: clock.now() + HOLD_MS });
      if ('unknown' in result) {
        const at: Pointer = pointer === '#/images' ? `#/images/${asked.indexOf(result.unknown)}` : pointer;
        throw unknownImage(result.unknown, at);
      }
      return {
        images: result.held.map(imageOf),
        // If this fails, the hold ends by itself.
        done: (usedBy) => index.release({ holdId, usedBy }).catch(() => {}),
      };
    },

    async read({ name, viewer }) {
      const extension = extensionOf(name);
      if (extension === undefined) return undefined;
      const audience = await audienceOf({ name, viewer });
      if (audience === null) return undefined;
      const found = await store.get(name);
      // The bytes under a name never change, so the name serves as the ETag.
      const etag = `"${name}"`;
      return found && { type: MEDIA_TYPES[extension], etag, private: audience === 'some', ...found };
    },

    async scan({ after, limit }) {
      const rows = await index.scan({ after, limit });
      const pictures: Awaited<ReturnType<Media['scan']>>['pictures'] = [];
      for (const row of rows) {
        const size_bytes = await store.size(row.name);
        if (size_bytes !== undefined) pictures.push({ ...row, size_bytes });
      }
      return { pictures, next: rows.length < limit ? null : rows.at(-1)!.name };
    },
    ownerOf: async ({ name }) => index.ownerOf({ name }),
    async remove({ name }) {
      if (!(await index.claimNamed({ name }))) return;
      await store.delete(name);
      await index.forget({ names: [name] });
    },

    async eraseOwner({ owner, limit }) {
      const names = await index.claimOwner({ owner, limit });
      for (const name of names) await store.delete(name);
      if (names.length > 0) await index.forget({ names });
      return { done: names.length < limit };
    },
  };
  return { media, workers: [createMediaSweeper(deps)] };
}

/** File names as they are compared: composed, since macOS sends them in pieces (NFD). */
function fileNameOf(raw: string): string {
  return raw
    .slice(0, 2 * FILE_NAME_CHARACTERS)
    .normalize('NFC')
    .slice(0, FILE_NAME_CHARACTERS);
}

function imageOf({
  name,
  width,
  height,
  alt,
}: Pick<MediaRow, 'name' | 'width' | 'height' | 'alt'>): TweetImage {
  return { image: name, width, height, alt };
}

function unknownImage(unknown: string, pointer: Pointer): WarbleError {
  const shown = JSON.stringify(unknown.slice(0, 100));
  return new WarbleError(
    'unknown_image',
    `You have uploaded no image ${shown}. Upload it with POST /api/v1/media (multipart field "file") and pass the name that it answers, or the file name.`,
    {
      errors: [{ pointer, detail: 'is not the name of one of your uploads' }],
    },
  );
}

/** Uploading pictures, and serving them. */
import { Type } from 'typebox';
import { notFound } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { clientLeft } from '#http/client-left.ts';
import { matchesEtag } from '#http/if-none-match.ts';
import { defineRoute, type Route, SENT } from '#http/route.ts';
import type { UploadSpool } from '#http/upload-spool.ts';
import { type Media, mediaUrl } from '#media/media.ts';
import { readUpload, UPLOAD_BYTES } from '../multipart.ts';
import { named, strictObject } from '../schemas/common.ts';

const topic = 'Media';

export interface MediaRoutesDeps {
  media: Media;
  uploads: UploadSpool;
}

export function mediaRoutes(deps: MediaRoutesDeps): Route[] {
  return [uploadRoute(deps), serveRoute(deps)];
}

function uploadRoute({ media, uploads }: MediaRoutesDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/media',
    auth: 'required',
    rateLimit: 'write',
    operationId: 'uploadMedia',
    tag: topic,
    summary: 'Upload a picture: JPEG, PNG, WebP or GIF, at most 8 MiB and 50 megapixels over all frames',
    description:
      'It is encoded anew, without its metadata. Use the name that comes back, or the file name, in `images` and ' +
      '`picture`. An animated PNG, and an animation with an EXIF orientation, are refused. What nothing uses for 24 ' +
      'hours is deleted.',
    consumes: 'multipart',
    bodyLimit_bytes: UPLOAD_BYTES,
    body: named('Upload', {
      file: Type.String({ format: 'binary', description: 'The picture, with a file name.' }),
      alt: Type.Optional(
        Type.String({
          description: `What the picture shows, for those who cannot see it: at most ${LIMITS.altCharacters} characters, counted as in tweets.`,
        }),
      ),
    }),
    response: named('Uploaded', {
      image: Type.String({ examples: ['5f0c8a7d1e6b4f3a9c2d8e7f6a5b4c3d.jpg'] }),
      url: Type.String(),
      width: Type.Integer(),
      height: Type.Integer(),
    }),
    errors: ['too_large', 'unsupported_media_type', 'invalid_text', 'storage_full'],
    async handler({ caller, request, reply }) {
      const owner = caller.userId;
      const signal = clientLeft(reply);
      const { file, ...described } = await readUpload(request, (source) => uploads.receive(owner, source));
      try {
        const { image, width, height } = await media.upload({ owner, ...described, path: file.path, signal });
        return { image, url: mediaUrl(image), width, height };
      } finally {
        await file.discard();
      }
    },
  });
}

const SECONDS_OF_A_DAY = 86_400;
/** After a deletion, caches must ask again within a day, and get 404. */
const CACHED_BY_ALL = `public, max-age=${SECONDS_OF_A_DAY}, must-revalidate`;
/** A browser may keep it, but must ask each time whether its user may still see it. */
const CACHED_BY_READER = 'private, no-cache';

function serveRoute({ media }: MediaRoutesDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/media/{name}',
    root: true,
    auth: 'optional',
    rateLimit: 'media',
    operationId: 'getMedia',
    tag: topic,
    summary: 'The bytes of a picture',
    description:
      'What stands under a name never changes. It is served as long as a tweet or profile shows it, to whom that is shown.',
    params: strictObject({ name: Type.String({ maxLength: 100 }) }),
    headers: strictObject({
      'if-none-match': Type.Optional(
        Type.String({ description: 'The `ETag` that you have: 304 where it is still the same.' }),
      ),
    }),
    produces: 'image/*',
    response: Type.String({ format: 'binary' }),
    responseHeaders: strictObject({
      ETag: Type.String({
        description: 'For `If-None-Match`.',
        examples: ['"5f0c8a7d1e6b4f3a9c2d8e7f6a5b4c3d.jpg"'],
      }),
      'Cache-Control': Type.String({
        description:
          'Who may keep it: all, where everybody may see it; otherwise your browser, which asks again.',
        examples: [CACHED_BY_ALL],
      }),
    }),
    errors: ['not_found'],
    async handler({ params, headers, caller, reply }) {
      const picture = await media.read({ name: params.name, viewer: caller?.userId ?? null });
      if (picture === undefined) throw notFound('There is no such picture.');
      reply.headers({
        'content-type': picture.type,
        'content-security-policy': "default-src 'none'; sandbox",
        'cache-control': picture.private ? CACHED_BY_READER : CACHED_BY_ALL,
        etag: picture.etag,
      });
      if (matchesEtag(headers['if-none-match'], picture.etag)) {
        picture.body.destroy();
        reply.code(304).send();
      } else {
        reply.header('content-length', picture.size_bytes).send(picture.body);
      }
      return SENT;
    },
  });
}

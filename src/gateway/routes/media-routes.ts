/** Uploading pictures, and serving them. */
import { Type } from 'typebox';
import { notFound } from '#contract/errors.ts';
import { LIMITS } from '#contract/limits.ts';
import { type Media, mediaUrl } from '../media/media.ts';
import { readUpload, UPLOAD_BYTES } from '../media/multipart.ts';
import { createUploadPlaces } from '../media/upload-places.ts';
import { defineRoute, type Route, SENT } from '../route.ts';
import { strictObject } from '../schemas/common.ts';

const topic = 'Media';

export function mediaRoutes({ media }: { media: Media }): Route[] {
  return [uploadRoute(media), serveRoute(media)];
}

function uploadRoute(media: Media): Route {
  const places = createUploadPlaces();
  return defineRoute({
    method: 'POST',
    path: '/media',
    auth: 'required',
    limit: 'write',
    name: 'uploadMedia',
    topic,
    summary: 'Upload a picture: JPEG, PNG, WebP or GIF, at most 8 MiB and 50 megapixels over all frames',
    description:
      'It is encoded anew, without its metadata. Use the name that comes back, or the file name, in `images` and ' +
      '`picture`. What nothing uses for 24 hours is deleted.',
    consumes: 'multipart',
    bodyLimit_bytes: UPLOAD_BYTES,
    body: strictObject({
      file: Type.String({ format: 'binary', description: 'The picture, with a file name.' }),
      alt: Type.Optional(
        Type.String({
          maxLength: LIMITS.altCharacters,
          description: 'What the picture shows, for those who cannot see it.',
        }),
      ),
    }),
    answer: strictObject({
      image: Type.String({ examples: ['5f0c8a7d1e6b4f3a9c2d8e7f6a5b4c3d.jpg'] }),
      url: Type.String(),
      width: Type.Integer(),
      height: Type.Integer(),
    }),
    errors: ['too_large', 'unsupported_media_type', 'invalid_text', 'storage_full'],
    async handler({ caller, request }) {
      const owner = caller.userId;
      const leave = places.enter(owner);
      try {
        const { image, width, height } = await media.upload({ owner, ...(await readUpload(request)) });
        return { image, url: mediaUrl(image), width, height };
      } finally {
        leave();
      }
    },
  });
}

function serveRoute(media: Media): Route {
  return defineRoute({
    method: 'GET',
    path: '/media/{name}',
    root: true,
    auth: 'none',
    limit: 'none',
    name: 'getMedia',
    topic,
    summary: 'The bytes of a picture',
    description: 'What stands under a name never changes.',
    params: strictObject({ name: Type.String({ maxLength: 100 }) }),
    produces: 'image/*',
    answer: Type.String({ format: 'binary' }),
    errors: ['not_found'],
    async handler({ params, request, reply }) {
      const picture = await media.read(params.name);
      if (picture === undefined) throw notFound('There is no such picture, or not any more.');
      reply.headers({
        'content-type': picture.type,
        'content-security-policy': "default-src 'none'; sandbox",
        'cache-control': 'public, max-age=31536000, immutable',
        etag: picture.etag,
      });
      if (request.headers['if-none-match'] === picture.etag) {
        picture.body.destroy();
        reply.code(304).send();
      } else {
        reply.header('content-length', picture.size_bytes).send(picture.body);
      }
      return SENT;
    },
  });
}

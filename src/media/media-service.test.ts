import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWarbleError } from '#domain/errors.ts';
import { LIMITS } from '#domain/limits.ts';
import { processAll } from '#platform/worker.ts';
import type { MediaIndex } from './media-index.ts';
import { inMediaWorld } from './testing/media.ts';

const [ANN, BOB] = [1, 2];

test('an upload is served under an unguessable name, with its type', () =>
  inMediaWorld(async ({ upload, media, bytesOf }) => {
    const { image, width, height } = await upload(ANN);
    assert.match(image, /^[0-9a-f]{32}\.png$/);
    assert.deepEqual([width, height], [4, 3]);
    assert.equal(await bytesOf(image), 'bytes');
    const found = await media.read({ name: image, viewer: ANN });
    found?.body.destroy();
    assert.deepEqual([found?.type, found?.size_bytes, found?.etag], ['image/png', 5, `"${image}"`]);
    for (const name of ['../gateway.db', 'x', `${image}x`, image.replace('png', 'jpg')]) {
      assert.equal(await media.read({ name, viewer: ANN }), undefined);
    }
  }));

test('pictures are called by name or by file name, one’s own only', () =>
  inMediaWorld(async ({ upload, media }) => {
    await upload(ANN, 'image1.png', 'older');
    const newer = await upload(ANN, 'image1.png', 'newer');
    const bobs = await upload(BOB, 'image2.png');
    const { images } = await media.hold({ owner: ANN, names: ['image1.png', newer.image] });
    assert.deepEqual(
      images.map(({ image }) => image),
      [newer.image, newer.image],
    );
    for (const name of [
      bobs.image,
      'image2.png',
      './image1.png',
      '../image1.png',
      'https://x.example/image1.png',
      '',
    ]) {
      await assert.rejects(
        media.hold({ owner: ANN, names: ['image1.png', name] }),
        (error) => isWarbleError(error, 'unknown_image') && error.errors?.[0]?.pointer === '#/images/1',
        name,
      );
    }
    await assert.rejects(
      media.hold({ owner: ANN, names: ['no.png'], pointer: '#/picture' }),
      (error) => isWarbleError(error, 'unknown_image') && error.errors?.[0]?.pointer === '#/picture',
    );
  }));

test('a file name is the same name however its letters are composed', () =>
  inMediaWorld(async ({ upload, media }) => {
    const composed = 'caf\u00e9.png';
    const apart = composed.normalize('NFD');
    assert.notEqual(apart, composed);
    for (const [sent, asked] of [
      [apart, composed],
      [composed, apart],
    ] as const) {
      const { image } = await upload(ANN, sent);
      const { images } = await media.hold({ owner: ANN, names: [asked] });
      assert.equal(images[0]?.image, image);
    }
    const long = 'e\u0301'.repeat(300);
    const { image } = await upload(ANN, long);
    assert.equal((await media.hold({ owner: ANN, names: [long] })).images[0]?.image, image);
  }));

test('a description has at most 1,000 characters as people count them, and nothing that cannot be shown', () =>
  inMediaWorld(async ({ start }) => {
    const { upload } = start();
    const altOf = async (alt: string) => (await upload(ANN, { alt })).alt;
    assert.equal(await altOf(' e\u0301\r\n '), '\u00e9');
    assert.equal(await altOf('  '), '');
    // A flag is one character, of two code points; a family is one of five.
    for (const character of ['x', '\u{1f1e9}\u{1f1ea}', '\u{1f642}']) {
      const most = character.repeat(LIMITS.altCharacters);
      assert.equal(await altOf(most), most);
      await assert.rejects(altOf(most + character), (error) => isWarbleError(error, 'invalid_text'));
    }
    for (const alt of ['\u0000', '\ud800', 'a\u202eb', '\u{1d159}', `a${'\u0301'.repeat(20_000)}`]) {
      await assert.rejects(altOf(alt), (error) => isWarbleError(error, 'invalid_text'));
    }
  }));

test('what nothing uses for a day is deleted, row and bytes', () =>
  inMediaWorld(async ({ upload, sweep, hours, bytesOf, media }) => {
    const { image } = await upload(ANN);
    await hours(23);
    await sweep();
    assert.equal(await bytesOf(image), 'bytes');
    await hours(1);
    await sweep();
    assert.equal(await bytesOf(image), undefined);
    await assert.rejects(media.hold({ owner: ANN, names: [image] }), (error) =>
      isWarbleError(error, 'unknown_image'),
    );
  }));

test('what a tweet or a profile uses stays, and goes a day after its last use', () =>
  inMediaWorld(async ({ upload, postWith, setPicture, remove, sweep, hours, bytesOf }) => {
    const { image } = await upload(ANN);
    const first = await postWith(ANN, [image]);
    const second = await postWith(ANN, ['image1.png']);
    await setPicture(ANN, image);
    for (let day = 0; day < 3; day++) {
      await hours(25);
      await sweep();
    }
    await remove(ANN, first);
    await sweep();
    await setPicture(ANN, '');
    await hours(25);
    await sweep();
    assert.equal(await bytesOf(image), 'bytes', 'the second tweet shows it');
    await remove(ANN, second);
    await sweep();
    await hours(23);
    await sweep();
    assert.equal(await bytesOf(image), 'bytes');
    await hours(1);
    await sweep();
    assert.equal(await bytesOf(image), undefined);
  }));

test('a tweet that is deleted can be posted again with its picture for a day, and the day begins anew', () =>
  inMediaWorld(async ({ upload, postWith, remove, sweep, hours, bytesOf, served, media }) => {
    const { image } = await upload(ANN);
    for (let draft = 0; draft < 3; draft++) {
      const tweet = await postWith(ANN, [image]);
      assert.equal(await served(image, null), 'public');
      await sweep();
      await remove(ANN, tweet);
      assert.equal(await served(image, null), null, 'at once');
      await sweep();
      assert.equal(await served(image, ANN), null, 'not even to its owner');
      await hours(20);
      await sweep();
    }
    await hours(5);
    await sweep();
    assert.equal(await bytesOf(image), undefined);
    await assert.rejects(media.hold({ owner: ANN, names: [image] }), (error) =>
      isWarbleError(error, 'unknown_image'),
    );
  }));

test('a profile’s earlier picture can be put back for a day, and is not served meanwhile', () =>
  inMediaWorld(async ({ upload, setPicture, sweep, hours, served, bytesOf }) => {
    const [older, newer] = [await upload(ANN, 'a.png'), await upload(ANN, 'b.png')];
    await setPicture(ANN, older.image);
    await sweep();
    await setPicture(ANN, newer.image);
    await sweep();
    assert.deepEqual([await served(older.image, ANN), await served(newer.image, null)], [null, 'public']);
    await hours(23);
    await sweep();
    await setPicture(ANN, older.image);
    assert.deepEqual([await served(older.image, null), await served(newer.image, ANN)], ['public', null]);
    await sweep();
    await hours(24);
    await sweep();
    assert.deepEqual([await bytesOf(older.image), await bytesOf(newer.image)], ['bytes', undefined]);
  }));

test('the day after the last use is whole though the sweeper crashed when it saw the end of the use', () =>
  inMediaWorld(async ({ upload, postWith, remove, sweep, start, index, hours, usesRunner, bytesOf }) => {
    const { image } = await upload(ANN);
    await hours(20);
    const tweet = await postWith(ANN, [image]);
    await processAll([usesRunner.worker]);
    await remove(ANN, tweet);
    await processAll([usesRunner.worker]);
    const doomed = start({ index: { ...index, postpone: () => Promise.reject(new Error('crash')) } });
    await assert.rejects(doomed.sweeper.step(), /crash/);
    await hours(23);
    await sweep();
    assert.equal(await bytesOf(image), 'bytes');
  }));

test('the sweeper waits for the view: a post that it has not folded keeps its picture', () =>
  inMediaWorld(async ({ upload, postWith, sweeper, hours, bytesOf, sweep }) => {
    const { image } = await upload(ANN);
    await hours(24);
    await postWith(ANN, [image]);
    await sweeper.step();
    await sweeper.step();
    assert.equal(await bytesOf(image), 'bytes');
    await sweep();
    assert.equal(await bytesOf(image), 'bytes');
  }));

test('a post under way keeps its picture; one that came to nothing frees it in a quarter of an hour', () =>
  inMediaWorld(async ({ upload, media, sweep, hours, bytesOf }) => {
    const { image } = await upload(ANN);
    await hours(24);
    // Held, and never given back: its process died.
    await media.hold({ owner: ANN, names: [image] });
    await sweep();
    assert.equal(await bytesOf(image), 'bytes');
    await hours(0.25);
    await sweep();
    assert.equal(await bytesOf(image), undefined);
  }));

test('a post that begins and ends while the sweeper looks keeps its picture', () =>
  inMediaWorld(async ({ upload, hours, start, usesRunner, postWith, bytesOf, sweep, uses }) => {
    const { image } = await upload(ANN);
    await sweep();
    await hours(24);
    let looked = false;
    const { sweeper } = start({
      usesRunner: {
        async processedPositions(topic) {
          const folded = await usesRunner.processedPositions(topic);
          // After the log was looked at and before anything is claimed.
          if (!looked) await postWith(ANN, [image]);
          looked = true;
          return folded;
        },
      },
    });
    await sweeper.step();
    assert.ok(
      looked && (await uses.used({ names: [image] })).length === 0,
      'the view knows nothing of it yet',
    );
    assert.equal(await bytesOf(image), 'bytes');
    await sweep();
    assert.equal(await bytesOf(image), 'bytes');
  }));

test('a use that ended while the picture was held frees it a day later', () =>
  inMediaWorld(async ({ upload, postWith, remove, media, sweep, hours, bytesOf }) => {
    const { image } = await upload(ANN);
    const tweet = await postWith(ANN, [image]);
    await sweep();
    await media.hold({ owner: ANN, names: [image] });
    await remove(ANN, tweet);
    await sweep();
    await hours(25);
    await sweep();
    assert.equal(await bytesOf(image), undefined);
  }));

/** An index as a process has it that dies at its n-th commit of an upload: nothing of it goes on from there. */
function dyingIndex(index: MediaIndex, line: 'before' | 'after', commit: number) {
  const { promise: crashed, resolve: crash } = Promise.withResolvers<undefined>();
  const nothing = new Promise<never>(() => {});
  let commits = 0;
  const dying =
    <Request>(write: (request: Request) => Promise<boolean>) =>
    async (request: Request): Promise<boolean> => {
      if (++commits !== commit) return write(request);
      if (line === 'after') await write(request);
      crash(undefined);
      return nothing;
    };
  return { crashed, index: { ...index, begin: dying(index.begin), keep: dying(index.keep) } };
}

test('a crash at any commit of an upload leaves nothing behind for long, and what was answered stays', () =>
  inMediaWorld(async ({ start, hours, sweep, bytesOf, store, index }) => {
    for (const line of ['before', 'after'] as const) {
      for (let commit = 1; commit <= 3; commit++) {
        const dying = dyingIndex(index, line, commit);
        const puts: string[] = [];
        const doomed = start({
          store: {
            ...store,
            put(name, bytes) {
              puts.push(name);
              return store.put(name, bytes);
            },
          },
          index: dying.index,
        });
        const answer = await Promise.race([dying.crashed, doomed.upload(ANN)]);
        assert.equal(answer !== undefined, commit === 3, 'an upload is two commits');
        await hours(1.1);
        await sweep();
        if (answer !== undefined) assert.equal(await bytesOf(answer.image), 'bytes');
        // A row that was kept though nobody was told of it is an upload that nothing uses.
        await hours(24);
        await sweep();
        for (const name of puts) assert.equal(await bytesOf(name), undefined, `${line} commit ${commit}`);
      }
    }
  }));

test('a crash between a deletion’s steps is made good by the next sweep', () =>
  inMediaWorld(async ({ upload, hours, sweep, start, store, bytesOf, index }) => {
    const { image } = await upload(ANN);
    await sweep();
    await hours(24);
    const doomed = start({ store: { ...store, delete: () => Promise.reject(new Error('crash')) } });
    await assert.rejects(doomed.sweeper.step(), /crash/);
    assert.equal((await index.statuses({ names: [image], now: 0 }))[0]?.state, 'deleting');
    await sweep();
    assert.equal(await bytesOf(image), undefined);
    assert.deepEqual(await index.statuses({ names: [image], now: 0 }), []);
  }));

test('the view of uses is built anew from the facts while pictures stay', () =>
  inMediaWorld(async ({ upload, postWith, setPicture, usesRunner, sweep, hours, bytesOf, uses, remove }) => {
    const [inTweet, inProfile, unused] = [
      await upload(ANN, 'a'),
      await upload(BOB, 'b'),
      await upload(BOB, 'c'),
    ];
    const tweet = await postWith(ANN, ['a']);
    await setPicture(BOB, 'b');
    await sweep();
    await usesRunner.startRebuild();
    await hours(24);
    await sweep();
    assert.deepEqual(
      [await bytesOf(inTweet.image), await bytesOf(inProfile.image), await bytesOf(unused.image)],
      ['bytes', 'bytes', undefined],
    );
    assert.deepEqual((await uses.used({ names: [inTweet.image, inProfile.image] })).length, 2);
    await remove(ANN, tweet);
    await sweep();
    await hours(24);
    await sweep();
    assert.equal(await bytesOf(inTweet.image), undefined);
  }));

test('all pictures of a user go, used or not', () =>
  inMediaWorld(async ({ upload, postWith, media, bytesOf }) => {
    const mine = [await upload(ANN, 'a'), await upload(ANN, 'b'), await upload(ANN, 'c')];
    const bobs = await upload(BOB, 'a');
    await postWith(ANN, ['a']);
    let rounds = 0;
    while (!(await media.eraseOwner({ owner: ANN, limit: 2 })).done) rounds++;
    assert.equal(rounds, 1);
    for (const { image } of mine) assert.equal(await bytesOf(image), undefined);
    assert.equal(await bytesOf(bobs.image), 'bytes');
  }));

test('a picture of more than 8 MiB is refused before it is looked at', () =>
  inMediaWorld(async ({ start }) => {
    const bytes = Buffer.alloc(LIMITS.mediaBytes + 1);
    await assert.rejects(start().upload(ANN, { bytes }), (error) => isWarbleError(error, 'too_large'));
  }));

test('an upload that ends after its account did is not kept', () =>
  inMediaWorld(async ({ start, social, index }) => {
    const { upload } = start({
      pictures: {
        async encode() {
          await social.setAccount({ userId: ANN, state: 'erasing' });
          return { bytes: Buffer.from('late'), extension: 'png', width: 1, height: 1 };
        },
      },
    });
    await assert.rejects(upload(ANN), (error) => isWarbleError(error, 'unauthenticated'));
    assert.deepEqual(await index.claimOwner({ owner: ANN, limit: 9 }), []);
  }));

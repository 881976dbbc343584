import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWarbleError } from '#contract/errors.ts';
import { LIMITS } from '#contract/limits.ts';
import { inMediaWorld } from './test-support.ts';

const [ANN, BOB] = [1, 2];

test('an upload is served under an unguessable name, with its type', () =>
  inMediaWorld(async ({ upload, media, bytesOf }) => {
    const { image, width, height } = await upload(ANN);
    assert.match(image, /^[0-9a-f]{32}\.png$/);
    assert.deepEqual([width, height], [4, 3]);
    assert.equal(await bytesOf(image), 'bytes');
    const found = await media.read(image);
    found?.body.destroy();
    assert.deepEqual([found?.type, found?.size_bytes, found?.etag], ['image/png', 5, `"${image}"`]);
    for (const name of ['../gateway.db', 'x', `${image}x`, image.replace('png', 'jpg')]) {
      assert.equal(await media.read(name), undefined);
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

test('a description has at most 1,000 characters and nothing that cannot be shown', () =>
  inMediaWorld(async ({ media }) => {
    const upload = (alt: string) => media.upload({ owner: ANN, fileName: 'x', alt, bytes: Buffer.from('x') });
    assert.equal((await upload(' e\u0301\r\n ')).alt, '\u00e9');
    assert.equal([...(await upload('🙂'.repeat(LIMITS.altCharacters))).alt].length, LIMITS.altCharacters);
    for (const alt of ['x'.repeat(1_001), '\u0000', '\ud800', 'a\u202eb']) {
      await assert.rejects(upload(alt), (error) => isWarbleError(error, 'invalid_text'));
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

test('what a tweet or a profile uses stays, and goes when the last use ends', () =>
  inMediaWorld(async ({ upload, postWith, setPicture, remove, sweep, hours, bytesOf, clock }) => {
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
    await sweep();
    assert.equal(await bytesOf(image), 'bytes', 'the second tweet shows it');
    const now = clock.now();
    await remove(ANN, second);
    await sweep();
    assert.equal(await bytesOf(image), undefined);
    assert.equal(clock.now(), now, 'at once');
  }));

test('a profile’s earlier picture goes when another one is set', () =>
  inMediaWorld(async ({ upload, setPicture, sweep, bytesOf }) => {
    const [older, newer] = [await upload(ANN, 'a.png'), await upload(ANN, 'b.png')];
    await setPicture(ANN, older.image);
    await sweep();
    await setPicture(ANN, newer.image);
    await sweep();
    assert.deepEqual([await bytesOf(older.image), await bytesOf(newer.image)], [undefined, 'bytes']);
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
        async folded(topic) {
          const folded = await usesRunner.folded(topic);
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

test('a use that ended while the picture was held frees it when the hold is over', () =>
  inMediaWorld(async ({ upload, postWith, remove, media, sweep, hours, bytesOf }) => {
    const { image } = await upload(ANN);
    const tweet = await postWith(ANN, [image]);
    await sweep();
    const held = await media.hold({ owner: ANN, names: [image] });
    await remove(ANN, tweet);
    await sweep();
    assert.equal(await bytesOf(image), 'bytes');
    await held.done();
    await hours(0.1);
    await sweep();
    assert.equal(await bytesOf(image), undefined);
  }));

test('a crash at any commit of an upload leaves nothing behind for long, and what was answered stays', () =>
  inMediaWorld(async ({ start, hours, sweep, bytesOf, store }) => {
    for (const line of ['beforeCommit', 'afterCommit'] as const) {
      for (let commit = 1; commit <= 3; commit++) {
        let commits = 0;
        const { promise: crashed, resolve: crash } = Promise.withResolvers<undefined>();
        const puts: string[] = [];
        const doomed = start({
          store: {
            ...store,
            put(name, bytes) {
              puts.push(name);
              return store.put(name, bytes);
            },
          },
          faults: {
            [line]() {
              if (++commits !== commit) return;
              doomed.db.crash();
              crash(undefined);
              throw new Error('crash');
            },
          },
        });
        const upload = { owner: ANN, fileName: 'x', alt: '', bytes: Buffer.from('bytes') };
        const answer = await Promise.race([crashed, doomed.media.upload(upload)]);
        assert.equal(answer !== undefined, commit === 3, 'an upload is two commits');
        await hours(1.1);
        await sweep();
        if (answer !== undefined) assert.equal(await bytesOf(answer.image), 'bytes');
        // A row that was kept though nobody was told of it is an upload that nothing uses.
        await hours(24);
        await sweep();
        for (const name of puts) assert.equal(await bytesOf(name), undefined, `${line} of commit ${commit}`);
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
    assert.equal((await index.look({ names: [image], now: 0 }))[0]?.state, 'deleting');
    await sweep();
    assert.equal(await bytesOf(image), undefined);
    assert.deepEqual(await index.look({ names: [image], now: 0 }), []);
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
    assert.equal(await bytesOf(inTweet.image), undefined);
  }));

test('all pictures of a person go, used or not', () =>
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
  inMediaWorld(async ({ media }) => {
    const bytes = Buffer.alloc(LIMITS.mediaBytes + 1);
    await assert.rejects(media.upload({ owner: ANN, fileName: 'x', alt: '', bytes }), (error) =>
      isWarbleError(error, 'too_large'),
    );
  }));

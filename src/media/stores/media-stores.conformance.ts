/** What every index of media and every store of their bytes must do, run with two handles open on one backend. */
import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { eachWithTwoHandles } from '#platform/two-handles.ts';
import type { MediaIndex, NewMedia } from '../media-index.ts';
import type { MediaStore } from '../media-store.ts';

export interface Backend<Opened> {
  /** Opens one more handle on the same, at first empty, backend. */
  open(): Promise<Opened>;
  /** Closes all handles and forgets everything. */
  dispose(): Promise<void>;
}

const ANN = 1;
const BOB = 2;

export function describeMediaIndex(name: string, fresh: () => Promise<Backend<MediaIndex>>): void {
  describe(`media index ${name}`, () => {
    let one: MediaIndex;
    let two: MediaIndex;
    eachWithTwoHandles(fresh, (opened) => {
      ({ one, two } = opened);
    });

    const media = (name: string, fields: Partial<NewMedia> = {}): NewMedia => ({
      name,
      owner: ANN,
      fileName: `${name}.png`,
      alt: 'a cat',
      width: 3,
      height: 2,
      contentHash: 'ff',
      created: 1_000,
      ...fields,
    });
    const begin = (name: string, fields?: Partial<NewMedia>, checkAt = 9_000) =>
      one.begin({ media: media(name, fields), checkAt, maxUnused: 5 });
    const upload = async (name: string, fields?: Partial<NewMedia>, checkAt?: number) => {
      assert.equal(await begin(name, fields, checkAt), true);
      assert.equal(await two.keep({ name }), true);
    };
    const hold = (names: string[], { owner = ANN, holdId = 'h', until = 5_000 } = {}) =>
      two.hold({ owner, names, holdId, until });
    const due = (now: number, storingBefore = 0, limit = 10) => two.due({ now, storingBefore, limit });

    test('a picture is found when it is kept, with all that was said of it', async () => {
      await begin('a');
      assert.deepEqual(await hold(['a']), { unknown: 'a' });
      await two.keep({ name: 'a' });
      const found = await hold(['a']);
      assert.ok('held' in found);
      assert.deepEqual({ ...found.held[0] }, { ...media('a'), state: 'kept', holds: 0 });
      assert.equal(await one.keep({ name: 'a' }), false);
      assert.equal(await one.keep({ name: 'b' }), false);
    });

    test('a file name means the newest upload of that name, by that user', async () => {
      await upload('a', { fileName: 'cat.png' });
      await upload('b', { fileName: 'cat.png' });
      await upload('c', { fileName: 'cat.png', owner: BOB });
      const found = await hold(['cat.png', 'a']);
      assert.ok('held' in found);
      assert.deepEqual(
        found.held.map(({ name }) => name),
        ['b', 'a'],
      );
    });

    test('all are held or none; another’s is unknown', async () => {
      await upload('a');
      await upload('b', { owner: BOB });
      assert.deepEqual(await hold(['a', 'b']), { unknown: 'b' });
      assert.deepEqual(await hold(['a', 'nothing']), { unknown: 'nothing' });
      assert.deepEqual(
        (await one.statuses({ names: ['a'], now: 0 })).map(({ heldUntil, holds }) => [heldUntil, holds]),
        [[null, 0]],
      );
    });

    test('a hold lasts until it is released or over, and is counted for ever', async () => {
      await upload('a');
      await hold(['a'], { holdId: 'x', until: 5_000 });
      await hold(['a'], { holdId: 'y', until: 7_000 });
      const look = async (now: number) => {
        const [row] = await one.statuses({ names: ['a', 'nothing'], now });
        return [row?.state, row?.holds, row?.heldUntil];
      };
      assert.deepEqual(await look(1_000), ['kept', 2, 7_000]);
      await two.release({ holdId: 'y', usedBy: null });
      await two.release({ holdId: 'y', usedBy: null });
      assert.deepEqual(await look(1_000), ['kept', 2, 5_000]);
      assert.deepEqual(await look(5_000), ['kept', 2, null]);
    });

    test('what was held again since one looked is not claimed; what is claimed is not held', async () => {
      await upload('a');
      await upload('b');
      const seen = await one.statuses({ names: ['a', 'b'], now: 0 });
      await hold(['a']);
      await two.release({ holdId: 'h', usedBy: null });
      assert.deepEqual(await one.claim({ media: seen }), ['b']);
      assert.deepEqual(await two.claim({ media: seen }), []);
      assert.deepEqual(await hold(['b']), { unknown: 'b' });
    });

    test('a hold and a claim in the same moment: one of them gets the picture', async () => {
      await upload('a');
      const seen = await one.statuses({ names: ['a'], now: 0 });
      const [held, claimed] = await Promise.all([hold(['a']), one.claim({ media: seen })]);
      assert.equal('held' in held, claimed.length === 0);
    });

    test('due are kept ones whose moment came, uploads that were left, and all that is being deleted', async () => {
      await upload('a', {}, 2_000);
      await upload('b', {}, 3_000);
      await begin('c', { created: 500 });
      await begin('d', { created: 1_500 });
      assert.deepEqual((await due(2_500, 1_000)).sort(), ['a', 'c']);
      await one.claim({ media: [{ name: 'b', holds: 0 }] });
      assert.deepEqual((await due(0)).sort(), ['b']);
      assert.equal((await due(9_000, 9_000, 2)).length, 2);
      await two.postpone({ names: ['a'], checkAt: 4_000, used: true });
      assert.deepEqual((await due(3_999, 0)).sort(), ['b']);
    });

    test('what used a picture last is known at once, and that it was ever used for good', async () => {
      await upload('a');
      await upload('b');
      assert.deepEqual({ ...(await one.find({ name: 'a' })) }, { owner: ANN, lastUse: null });
      await hold(['a', 'b'], { holdId: 'x' });
      await two.release({ holdId: 'x', usedBy: null });
      assert.equal((await one.find({ name: 'a' }))?.lastUse, null, 'it came to nothing');
      await hold(['a'], { holdId: 'y' });
      await two.release({ holdId: 'y', usedBy: 'tweet:7' });
      const used = async () => (await one.statuses({ names: ['a', 'b'], now: 0 })).map((row) => row.used);
      assert.equal((await one.find({ name: 'a' }))?.lastUse, 'tweet:7');
      assert.deepEqual(await used(), [true, false]);
      await two.postpone({ names: ['a', 'b'], checkAt: 9_000 });
      assert.deepEqual(await used(), [true, false], 'as before');
      await two.postpone({ names: ['a', 'b'], checkAt: 9_000, used: false });
      assert.deepEqual(await used(), [false, false]);
      assert.equal((await one.find({ name: 'a' }))?.lastUse, 'tweet:7');
      assert.equal((await one.find({ name: 'b' }))?.lastUse, '', 'by something that nobody noted');
      await one.claimOwner({ owner: ANN, limit: 9 });
      assert.equal(await two.find({ name: 'a' }), undefined);
      assert.equal(await two.find({ name: 'nothing' }), undefined);
    });

    test('all are listed by name, whatever becomes of them, and one is claimed whoever holds it', async () => {
      for (const name of ['b', 'a', 'c']) await upload(name, { owner: name === 'c' ? BOB : ANN });
      const list = async (after: string, limit: number) =>
        (await two.scan({ after, limit })).map(({ name, owner }) => `${name}${owner}`);
      assert.deepEqual(await list('', 2), ['a1', 'b1']);
      assert.deepEqual(await list('b', 2), ['c2']);
      await hold(['a']);
      assert.equal(await two.claimNamed({ name: 'a' }), true);
      assert.equal(await one.ownerOf({ name: 'a' }), ANN);
      assert.deepEqual(await hold(['a']), { unknown: 'a' });
      await one.forget({ names: ['a'] });
      assert.equal(await two.ownerOf({ name: 'a' }), undefined);
      assert.equal(await two.claimNamed({ name: 'a' }), false);
    });

    test('forgetting takes what is being deleted, and its holds, and nothing else', async () => {
      await upload('a');
      await upload('b');
      await hold(['a', 'b']);
      await one.claimOwner({ owner: ANN, limit: 1 });
      await two.forget({ names: ['a', 'b'] });
      const left = await one.statuses({ names: ['a', 'b'], now: 0 });
      assert.equal(left.length, 1);
      assert.equal(left[0]?.state, 'kept');
    });

    test('a user’s pictures are claimed some at a time, held or not, the claimed ones again', async () => {
      for (const name of ['a', 'b', 'c']) await upload(name);
      await upload('other', { owner: BOB });
      await begin('d');
      await hold(['a']);
      const first = await one.claimOwner({ owner: ANN, limit: 2 });
      assert.deepEqual(await two.claimOwner({ owner: ANN, limit: 2 }), first);
      await two.forget({ names: first });
      const rest = await one.claimOwner({ owner: ANN, limit: 9 });
      assert.deepEqual([...first, ...rest].sort(), ['a', 'b', 'c', 'd']);
      assert.equal(await one.keep({ name: 'd' }), false);
      assert.deepEqual((await two.statuses({ names: ['other'], now: 0 }))[0]?.state, 'kept');
    });

    test('so many may be there that nothing ever used, and no more', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await upload(name);
      assert.equal(await begin('f'), false);
      assert.equal(await begin('f', { owner: BOB }), true);
      await two.postpone({ names: ['c'], checkAt: 9_000, used: true });
      assert.equal(await begin('g'), true);
    });
  });
}

export function describeMediaStore(name: string, fresh: () => Promise<Backend<MediaStore>>): void {
  describe(`media store ${name}`, () => {
    let one: MediaStore;
    let two: MediaStore;
    eachWithTwoHandles(fresh, (opened) => {
      ({ one, two } = opened);
    });

    const NAME = `${'0123456789abcdef'.repeat(2)}.png`;
    const read = async (store: MediaStore, name: string) => {
      const found = await store.get(name);
      return found && { size: found.size_bytes, bytes: await buffer(found.body as Readable) };
    };

    test('what was put is got, by everybody, until it is deleted', async () => {
      const bytes = Buffer.from('some bytes');
      assert.equal(await read(one, NAME), undefined);
      await one.put(NAME, bytes);
      await two.put(NAME, bytes);
      assert.deepEqual(await read(two, NAME), { size: 10, bytes });
      assert.equal(await one.size(NAME), 10);
      await two.delete(NAME);
      assert.equal(await one.size(NAME), undefined);
      await one.delete(NAME);
      assert.equal(await read(one, NAME), undefined);
    });

    test('many puts of one name at once leave one whole picture', async () => {
      const bytes = Buffer.alloc(100_000, 7);
      await Promise.all([one, two, one, two].map((store) => store.put(NAME, bytes)));
      assert.deepEqual(await read(one, NAME), { size: bytes.length, bytes });
    });

    test('a name that is none finds nothing and reaches nothing', async () => {
      for (const name of [
        '',
        '.',
        '../gateway.db',
        '/etc/passwd',
        NAME.toUpperCase(),
        `${NAME}/..`,
        `a/${NAME}`,
      ]) {
        assert.equal(await one.get(name), undefined, name);
        await one.delete(name);
        await assert.rejects(one.put(name, Buffer.from('x')), name);
      }
    });
  });
}

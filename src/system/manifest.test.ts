import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '#platform/clock.ts';
import { systemRandom as random } from '#platform/random.ts';
import { createWithApplicationId } from '#platform/sqlite/application-id.ts';
import { DERIVED_FILES, FACTS_FILES, MEDIA_DIRECTORY } from './data-files.ts';
import { DATA_FORMAT, MANIFEST_FILE, type Manifest, openManifest, readManifest } from './manifest.ts';
import { createSystem } from './system.ts';

const FACTS = [...FACTS_FILES, MEDIA_DIRECTORY];

describe('the manifest of a data directory', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'warble-manifest-'));
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  function newDirectory(name = 'data'): string {
    const path = join(parent, name);
    mkdirSync(path);
    return path;
  }

  function started(name = 'data'): string {
    const path = newDirectory(name);
    openManifest({ path, random });
    return path;
  }

  function change(path: string, changes: Partial<Manifest>): void {
    writeFileSync(join(path, MANIFEST_FILE), JSON.stringify({ ...readManifest(path), ...changes }));
  }

  test('a new directory gets every file of facts, and it and its stores start again unchanged', async () => {
    const path = started();
    const first = readManifest(path)!;
    assert.deepEqual([first.facts, first.creating, first.format], [FACTS, [], DATA_FORMAT]);
    const system = await createSystem({ file: (name) => join(path, name), clock: systemClock, random });
    await system.close();
    assert.deepEqual(openManifest({ path, random }), first);
  });

  for (const name of FACTS) {
    test(`${name} missing stops the start with its name, and nothing is created in its place`, () => {
      const path = started();
      rmSync(join(path, name), { recursive: true });
      assert.throws(() => openManifest({ path, random }), missing(path, name));
      assert.ok(!existsSync(join(path, name)));
    });

    test(`${name} of another installation stops the start with its name`, () => {
      const path = started();
      const other = started('other');
      cpSync(join(other, name), join(path, name), { recursive: true });
      assert.throws(() => openManifest({ path, random }), {
        message: new RegExp(`${name} belongs to another installation, .*put it back, or restore a backup`),
      });
    });

    test(`a kill while ${name} was being made leaves a directory that starts`, () => {
      const path = started();
      const made = FACTS.indexOf(name);
      for (const later of FACTS.slice(made)) rmSync(join(path, later), { recursive: true });
      change(path, { creating: FACTS });
      // What the kill left of the file: a name and no content.
      if (name === MEDIA_DIRECTORY) mkdirSync(join(path, name));
      else writeFileSync(join(path, name), '');
      const { creating } = openManifest({ path, random });
      assert.deepEqual(creating, []);
      assert.deepEqual(openManifest({ path, random }).creating, []);
    });
  }

  test('a kill before the manifest was written leaves a directory that starts', () => {
    const path = newDirectory();
    writeFileSync(join(path, `${MANIFEST_FILE}.tmp`), '{"inst');
    assert.deepEqual(openManifest({ path, random }).creating, []);
  });

  test('a file of facts that is empty, cut in half or no database stops the start, and names it', () => {
    const path = started();
    const half = readFileSync(join(path, 'social.db')).subarray(0, 2_048);
    for (const content of ['', 'once a database '.repeat(100), half]) {
      writeFileSync(join(path, 'social.db'), content);
      assert.throws(() => openManifest({ path, random }), {
        message: /social\.db is damaged, .*restore a backup/,
      });
    }
    rmSync(join(path, 'social.db'));
    mkdirSync(join(path, 'social.db'));
    assert.throws(() => openManifest({ path, random }), { message: /social\.db is damaged/ }, 'a directory');
  });

  test('files in a directory without a manifest are not adopted', () => {
    for (const name of ['tweets.db', 'top-lists.db']) {
      const path = newDirectory(`with ${name}`);
      createWithApplicationId(join(path, name), 7);
      assert.throws(() => openManifest({ path, random }), {
        message: new RegExp(`has ${name} but no manifest.json, .*put the file back, restore a backup`),
      });
    }
  });

  test('an existing database is not overwritten by a new one', () => {
    const path = started();
    change(path, { installation: '00000007', creating: FACTS });
    assert.throws(() => openManifest({ path, random }), {
      message: /tweets\.db belongs to another installation/,
    });
  });

  test('data with the old layout of ids are refused by name, and nothing is created beside them', () => {
    const path = newDirectory();
    for (const name of ['ids.db', 'tweets.db']) writeFileSync(join(path, name), '');
    assert.throws(() => openManifest({ path, random }), {
      message: `the data in ${path} has format 0, and this version reads only format ${DATA_FORMAT}; start the version that wrote it, or give another directory with --data.`,
    });
    assert.ok(!existsSync(join(path, MANIFEST_FILE)));
  });

  test('a newer version, an older format and a damaged manifest are refused with what to do', () => {
    const bad: [Partial<Manifest>, RegExp][] = [
      [{ format: DATA_FORMAT + 1 }, /written by a newer version .*start that version, or restore a backup/],
      [{ facts: [...FACTS, 'polls.db'] }, /written by a newer version .*\(polls\.db\)/],
      [{ format: DATA_FORMAT - 1 }, /has format \d+, .*start the version that wrote it/],
      [{ installation: 'x' }, /manifest\.json is damaged; .*backup/],
    ];
    for (const [changes, message] of bad) {
      const path = started(`data ${message}`.replaceAll(/\W/g, ''));
      change(path, changes);
      assert.throws(() => openManifest({ path, random }), { message });
    }
    const path = started();
    writeFileSync(join(path, MANIFEST_FILE), '{"installation": "000');
    assert.throws(() => openManifest({ path, random }), { message: /manifest\.json is damaged/ });
  });

  test('a version that keeps facts in one more file adds it to older data', () => {
    const path = started();
    const former = FACTS.filter((name) => name !== 'engagement.db');
    rmSync(join(path, 'engagement.db'));
    change(path, { facts: former });
    openManifest({ path, random });
    assert.deepEqual(new Set(readManifest(path)!.facts), new Set(FACTS));
    rmSync(join(path, 'engagement.db'));
    assert.throws(() => openManifest({ path, random }), missing(path, 'engagement.db'));
  });

  test('the first start on a backup drops derived data, once', () => {
    const path = started();
    change(path, { backup: '2026-01-02T03:04:05.000Z' });
    for (const name of DERIVED_FILES) writeFileSync(join(path, name), 'of a later state');
    assert.equal(openManifest({ path, random }).backup, undefined);
    for (const name of DERIVED_FILES) assert.ok(!existsSync(join(path, name)), name);
    assert.doesNotMatch(readFileSync(join(path, MANIFEST_FILE), 'utf8'), /backup/);
  });
});

function missing(path: string, name: string) {
  return {
    message: `${join(path, name)} is missing, and nothing else has what belongs there; put it back, or restore a backup of everything (npm run admin -- restore).`,
  };
}

/** The server's own pages on a telephone, in a real browser. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../support/client.ts';
import { type Server, startServer, temporaryData } from '../support/server.ts';
import { type Browser, launchChromium } from './chromium.ts';

const TELEPHONE = { width: 390, height: 844 };
/** Fonts differ: what fits into this with the ones here fits into a telephone with any. */
const NARROW = { width: 320, height: 844 };

describe('on the screen of a telephone', () => {
  const { data, remove } = temporaryData();
  let server: Server;
  let browser: Browser;
  before(async () => {
    server = await startServer({ data });
    browser = await launchChromium();
    const ada = await signUp(() => server.url, 'ada');
    await ada.post('/postTweet', { content: `https://example.org/${'long'.repeat(20)}` });
  });
  after(async () => {
    await browser?.close();
    await server?.kill();
    remove();
  });

  for (const path of ['/', '/docs']) {
    for (const screen of [TELEPHONE, NARROW]) {
      test(`${path} is no wider than ${screen.width} pixels, with everything unfolded`, async () => {
        await browser.open(server.url + path, screen);
        await browser.evaluate(
          "document.querySelectorAll('details').forEach((part) => { part.open = true; })",
        );
        assert.equal(await browser.evaluate('innerWidth'), screen.width);
        assert.equal(await browser.evaluate('document.documentElement.scrollWidth'), screen.width);
      });
    }
  }

  test('every link within /docs leads somewhere', async () => {
    await browser.open(`${server.url}/docs`, TELEPHONE);
    const dead = await browser.evaluate(
      `[...document.querySelectorAll('a[href^="#"]')].map((link) => link.hash.slice(1))
        .filter((id) => document.getElementById(decodeURIComponent(id)) === null)`,
    );
    assert.deepEqual(dead, []);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from './limits.ts';
import { checkBio, checkName, checkText, graphemeCount, normalizeText, utf8Length } from './text.ts';

const MAX = LIMITS.textGraphemes;
const AT_MOST = new RegExp(`at most ${MAX}`);
const FAMILY = '👨‍👩‍👧‍👦';
const accepted = (raw: string) => {
  const checked = checkText(raw);
  assert.ok(checked.ok, `${JSON.stringify(raw.slice(0, 40))}: ${checked.ok ? '' : checked.reason}`);
  return checked.text;
};
const refusal = (raw: string) => {
  const checked = checkText(raw);
  assert.ok(!checked.ok, `accepted ${JSON.stringify(raw.slice(0, 40))}`);
  assert.match(checked.reason, /^[A-Z].*[.]$/, 'a sentence');
  return checked.reason;
};

describe('what counts as a character', () => {
  const oneCharacter: [string, string][] = [
    ['a family', FAMILY],
    ['a flag', '🇩🇪'],
    ['a skin tone', '👍🏽'],
    ['a keycap', '#️⃣'],
    ['a flag of tags', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ['a letter with marks that do not compose', 'q\u0323\u0307'],
    ['Hangul in parts', '\u1112\u1161\u11ab'],
    ['a Devanagari conjunct', 'क्षि'],
    ['a Malayalam conjunct', 'ന്ന'],
    ['Thai with a vowel and a tone', 'ที่'],
    ['Arabic with marks', 'بِّ'],
  ];
  for (const [what, character] of oneCharacter) {
    test(`${what} is one: ${MAX} of them are a text, ${MAX + 1} are not, unless their bytes are too many`, () => {
      assert.equal(graphemeCount(normalizeText(character)), 1);
      const room = Math.floor(LIMITS.textBytes / utf8Length(normalizeText(character)));
      const most = Math.min(MAX, room);
      accepted(character.repeat(most));
      assert.match(refusal(character.repeat(most + 1)), room < MAX ? /bytes/ : AT_MOST);
    });
  }
  test('two flags in a row are two, and three regional indicators a flag and a half', () => {
    assert.equal(graphemeCount('🇩🇪🇫🇷'), 2);
    assert.equal(graphemeCount('🇩🇪🇫'), 2);
  });
  test('plain ASCII counts by letters, and two too many say so', () => {
    assert.equal(accepted('x'.repeat(MAX)).length, MAX);
    assert.match(refusal('x'.repeat(MAX + 2)), new RegExp(`this has ${MAX + 2}, so remove 2`));
  });
  test('a line break is one, however it was sent', () => {
    assert.equal(graphemeCount(accepted('a\r\nb')), 3);
    assert.equal(graphemeCount(accepted('a\rb')), 3);
    const breaks = '\r\n'.repeat(MAX - 2);
    accepted(`a${breaks}b`);
    refusal(`a${breaks}bc`);
  });
});

describe('how a text is stored', () => {
  test('composed', () => assert.equal(accepted('cafe\u0301'), 'caf\u00e9'));
  test('with LF as line break', () => assert.equal(accepted('a\r\nb\rc\nd'), 'a\nb\nc\nd'));
  test('trimmed of all white space that JavaScript trims', () => {
    assert.equal(accepted(' \t\r\n\u00a0\u3000\ufeff\u2028a b\u2003\v\f'), 'a b');
  });
  test('with tabs, directional marks, isolates and joiners', () => {
    for (const text of ['a\tb', '\u200fשלום\u200e', '\u2066abc\u2069', 'می\u200cخواهم']) {
      assert.equal(accepted(text), text);
    }
  });
  test('checking a stored text again accepts and changes nothing', () => {
    fc.assert(
      fc.property(anyText(), (raw) => {
        const checked = checkText(raw);
        if (!checked.ok) return;
        assert.deepEqual(checkText(checked.text), checked);
        assert.equal(checked.text, normalizeText(raw));
        assert.ok(graphemeCount(checked.text) >= 1 && graphemeCount(checked.text) <= MAX);
        assert.ok(Buffer.byteLength(checked.text) <= LIMITS.textBytes);
      }),
      { numRuns: 500 },
    );
  });
  test('trimming first, which saves work, gives the same result', () => {
    fc.assert(
      fc.property(anyText(), (raw) => assert.equal(normalizeText(raw.trim()), normalizeText(raw))),
      { numRuns: 500 },
    );
  });
  test('no text of an allowed size is refused by the early check of its length', () => {
    fc.assert(
      fc.property(anyText(), (raw) => {
        assert.ok(raw.trim().length <= 2 * Buffer.byteLength(normalizeText(raw)));
      }),
      { numRuns: 500 },
    );
    // 1,538 units that compose to 1,398 bytes: a Greek letter of four parts, and Sinhala vowels of three.
    const parts = (index: number) =>
      `\u03b1\u0313\u0300\u0345${'\u0dd9\u0dcf\u0dca'.repeat(index < 46 ? 3 : 2)}`;
    accepted(Array.from({ length: MAX }, (_, index) => parts(index)).join(''));
    accepted(`a${'\u0dd9\u0dcf\u0dca'.repeat(466)}`);
  });
});

describe('what is refused', () => {
  test('nothing visible, images or not', () => {
    const nothing = ['', ' ', '\n\t', '\u200d', '\u200b\u2060', '\u2800', '\u3164', '\u115f\u1160', '\ufe0f'];
    const blankGlyphs = ['\u{1d159}', '\u{13441}', '\u{13442}', '\u{1d159}\u2800 \u{13442}'];
    for (const raw of [
      ...nothing,
      ...blankGlyphs,
      '\u2066\u2069',
      '\u0301',
      '\u00ad',
      '\u{e0020}',
      '\u2800 \u3164',
    ]) {
      assert.match(refusal(raw), /shows nothing/);
    }
  });
  test('but any letter, number, punctuation or symbol is something', () => {
    for (const text of ['a', '1', '.', '+', '、', '©', '\u2801', '한', 'ﷺ', '½', '☃', '￼']) accepted(text);
  });
  test('lone surrogates, at either end and in the middle', () => {
    for (const raw of ['\ud83d', 'a\udc68', '\udc68a', 'a\ud83d b', '\udc68\ud83d']) {
      assert.match(refusal(raw), /surrogate/);
    }
  });
  test('every control character but TAB and LF', () => {
    for (let code = 0; code <= 0x9f; code++) {
      const character = String.fromCharCode(code);
      const allowed = (code >= 0x20 && code < 0x7f) || [0x09, 0x0a, 0x0d].includes(code);
      if (allowed) accepted(`a${character}b`);
      else assert.match(refusal(`a${character}b`), /control character U\+00/);
    }
  });
  test('embeddings and overrides of direction', () => {
    for (let code = 0x202a; code <= 0x202e; code++) {
      assert.match(refusal(`abc${String.fromCharCode(code)}def`), /U\+202[A-E]/);
    }
    accepted('abc\u2029def');
    accepted('abc\u202fdef');
  });
  test('a tower of marks: one character with one byte too many', () => {
    const marks = '\u0335'.repeat((LIMITS.textBytes - 2) / 2);
    accepted(`ab${marks}`);
    assert.match(refusal(`abc${marks}`), new RegExp(`has ${LIMITS.textBytes + 1}: use fewer`));
  });
  test('a huge text at once, without looking at its characters', () => {
    // Two marks in turn: bringing 5 MB of them into order takes minutes.
    for (const unit of ['\u0301\u0323', FAMILY, 'x', '\ud800', 'क्षि', '\u1112\u1161\u11ab', '\u0000']) {
      const raw = `a${unit.repeat(Math.ceil(5_000_000 / unit.length))}`;
      const start = performance.now();
      assert.match(refusal(raw), AT_MOST);
      assert.ok(performance.now() - start < 5_000, `${JSON.stringify(unit)} took long`);
    }
  });
  test('but not for white space around it', () => {
    assert.equal(accepted(`${' '.repeat(100_000)}x${'\n'.repeat(100_000)}`), 'x');
  });
});

describe('names and bios', () => {
  test('may be empty, white space and all', () => {
    assert.deepEqual(checkName(''), { ok: true, text: '' });
    assert.deepEqual(checkBio(' \n'), { ok: true, text: '' });
  });
  test('have at most 50 and 160 characters', () => {
    assert.equal(checkName(FAMILY.repeat(20)).ok, true);
    assert.equal(checkName('é'.repeat(50)).ok, true);
    assert.equal(checkName('é'.repeat(51)).ok, false);
    assert.equal(checkBio('字'.repeat(160)).ok, true);
    assert.equal(checkBio('字'.repeat(161)).ok, false);
    assert.equal(checkBio(`a${'\u0335'.repeat(1_000)}`).ok, false);
  });
  test('refuse what a text refuses', () => {
    for (const raw of ['\u200d', '\u2800', 'a\u202eb', '\ud800', 'a\u0000']) {
      assert.equal(checkName(raw).ok, false);
      assert.equal(checkBio(raw).ok, false);
    }
  });
});

test('bytes are those of UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(utf8Length(text), Buffer.byteLength(text));
    }),
  );
  assert.equal(utf8Length('\ud800a\udc00'), Buffer.byteLength('\ud800a\udc00'));
});

/** Texts of all scripts, with marks, joiners, white space, controls and halves of characters between. */
function anyText(): fc.Arbitrary<string> {
  const odd = ['\u0301', '\u0345', '\u200d', '\r', '\n', ' ', '\u3000', FAMILY, '\u1112', '\u1161', '\u11ab'];
  const unit = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 4 }),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom(...odd, '\u2000', '\u212b', '\u{2f800}', '\u1f82', '\ufeff', '\ud800', '\u202e'),
  );
  return fc.array(unit, { maxLength: 60 }).map((parts) => parts.join(''));
}

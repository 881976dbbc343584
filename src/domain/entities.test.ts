import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseEntities } from './entities.ts';

const handles = (text: string) => parseEntities(text).mentions.map((mention) => mention.handle);
const tags = (text: string) => parseEntities(text).hashtags.map((hashtag) => hashtag.tag);
const urls = (text: string) => parseEntities(text).links.map((link) => link.url);

function table(find: (text: string) => string[], cases: Record<string, string[]>): void {
  for (const [text, expected] of Object.entries(cases)) {
    test(`${JSON.stringify(text)} has ${expected.length === 0 ? 'none' : expected.join(' ')}`, () => {
      assert.deepEqual(find(text), expected);
    });
  }
}

describe('mentions', () => {
  table(handles, {
    '@ann': ['ann'],
    'hi @Ann_B9, and (@bob)!': ['Ann_B9', 'bob'],
    '＠ann im Vollbild': ['ann'],
    'こんにちは@annさん': ['ann'],
    'привет@ann': ['ann'],
    'RT@ann rt:@bob Rt @cy': ['ann', 'bob', 'cy'],
    'art@ann @RT@ann': [],
    'ann@example.com': [],
    'ann.b@example.com, @ann@example.social': [],
    '@@ann a#@ann $@ann &@ann !@ann *@ann %@ann': [],
    '@ann@': [],
    '@anné': [],
    '@http://example.com': [],
    '@ann/design .@bob -@cy': ['ann', 'bob', 'cy'],
    '@ann\n@bob': ['ann', 'bob'],
    '@ @_ @1': ['_', '1'],
    '@exactly_15_long': ['exactly_15_long'],
    '@sixteen_is_long_': [],
    'http://example.com/@ann': [],
  });
  test('have no user yet, and offsets that ignore the text around them', () => {
    const text = '👋 ＠ann!';
    assert.deepEqual(parseEntities(text).mentions, [{ start: 3, end: 7, handle: 'ann', userId: null }]);
    assert.equal(text.slice(3, 7), '＠ann');
  });
});

describe('hashtags', () => {
  table(tags, {
    'a #tag, #tag2 (#3tag) #_x': ['tag', 'tag2', '3tag', '_x'],
    '#1 #12_3 #_ # #!': [],
    '＃全角 。＃日本語タグ！': ['全角', '日本語タグ'],
    '日本語#タグ word#tag &#tag': [],
    '#café #Čeština #Ċaoiṁín': ['café', 'Čeština', 'Ċaoiṁín'],
    '#русский #Ελληνικά #한국말 #ქართული': ['русский', 'Ελληνικά', '한국말', 'ქართული'],
    '#العربية #می\u200cخواهم #هشتگ۶۷۸ #٤٠٦': ['العربية', 'می\u200cخواهم', 'هشتگ۶۷۸'],
    '#עַל־יְדֵי #וכו׳': ['עַל־יְדֵי', 'וכו׳'],
    '#ภาษาไทย #বাংলা #தமிழ் #महात्मा_१२३४': ['ภาษาไทย', 'বাংলা', 'தமிழ்', 'महात्मा_१२३४'],
    '#il·lusió #メ〜テレ #各〃 #བོད་སྐད་': ['il·lusió', 'メ〜テレ', '各〃', 'བོད་སྐད་'],
    '#\u{20021} #A\u{104a0} \u{20021}#no': ['\u{20021}', 'A\u{104a0}'],
    '#️⃣ #⃣ #1️⃣ #️⃣no #a': ['a'],
    '#a\ufe0f#b': [],
    '❤️#love ☀#sun 😀#fun': ['love', 'sun', 'fun'],
    '#a#b': [],
    '#https://example.com': [],
    'example.com/#tag http://example.com/a#b': [],
    '#tag. #tag: #tag’s': ['tag', 'tag', 'tag'],
  });
});

describe('links', () => {
  table(urls, {
    'see http://example.com and HTTPS://Example.COM/A': ['http://example.com', 'HTTPS://Example.COM/A'],
    'bare example.com, t.co/abc and news.bbc.co.uk:8080/x?y=1#z.': [
      'example.com',
      't.co/abc',
      'news.bbc.co.uk:8080/x?y=1#z',
    ],
    'file.txt tar.bz2 e.g. i.e. 1.2.3 v1.0 foo.baz www.example.unknown http://a.com:99999': [],
    'http://no-tld http://a.x http://-a.com http://a-.com http://a_b.com http://a.c_o_m': [],
    'http://sub_domain.example.com sub_domain.example.com': [
      'http://sub_domain.example.com',
      'sub_domain.example.com',
    ],
    'ann@example.com john.doe.gov@mail.com @example.com #example.com $example.com': [],
    'ends http://example.com/. http://example.com/a, (http://example.com/b) "example.com/c"!': [
      'http://example.com/',
      'http://example.com/a',
      'http://example.com/b',
      'example.com/c',
    ],
    'http://en.wikipedia.org/wiki/Primer_(film) (http://a.com/b_(c_(d))e)': [
      'http://en.wikipedia.org/wiki/Primer_(film)',
      'http://a.com/b_(c_(d))e',
    ],
    'http://a.com/x_(y http://a.com/x)': ['http://a.com/x_', 'http://a.com/x'],
    'http://a.com/+ http://a.com/- http://a.com/~m+%ff-,.;x http://a.com/,,,,': [
      'http://a.com/+',
      'http://a.com/-',
      'http://a.com/~m+%ff-,.;x',
      'http://a.com/',
    ],
    'http://chilp.it/?77e8fd http://foo.com?#foo http://a.com/? http://a.com/b?c=d&e.': [
      'http://chilp.it/?77e8fd',
      'http://foo.com?#foo',
      'http://a.com/',
      'http://a.com/b?c=d&e',
    ],
  });
});

describe('links among and with letters of other scripts', () => {
  table(urls, {
    'これはexample.com中国語t.co/abcです。twitter.comテスト': ['example.com', 't.co/abc', 'twitter.com'],
    'http://twitter.com/これは http://twitter.com/Русские_слова http://example.com/é': [
      'http://twitter.com/これは',
      'http://twitter.com/Русские_слова',
      'http://example.com/é',
    ],
    'https://ja.wikipedia.org/wiki/アニメ、 https://el.wikipedia.org/wiki/Αθήνα. (https://he.wikipedia.org/wiki/ירושלים)':
      [
        'https://ja.wikipedia.org/wiki/アニメ',
        'https://el.wikipedia.org/wiki/Αθήνα',
        'https://he.wikipedia.org/wiki/ירושלים',
      ],
    'https://ar.wikipedia.org/wiki/القاهرة، https://hi.wikipedia.org/wiki/दिल्ली। https://ko.wikipedia.org/wiki/서울!':
      [
        'https://ar.wikipedia.org/wiki/القاهرة',
        'https://hi.wikipedia.org/wiki/दिल्ली',
        'https://ko.wikipedia.org/wiki/서울',
      ],
    'th.wikipedia.org/wiki/กรุงเทพมหานคร ka.wikipedia.org/wiki/თბილისი/x zh.wikipedia.org/wiki/𠮷野家。': [
      'th.wikipedia.org/wiki/กรุงเทพมหานคร',
      'ka.wikipedia.org/wiki/თბილისი/x',
      'zh.wikipedia.org/wiki/𠮷野家',
    ],
    'https://a.com/東京_(駅) https://a.com/Foo_(映画) https://a.com/Kategorie:日本#歴史 https://a.com/a-新年/アニメb2':
      [
        'https://a.com/東京_(駅)',
        'https://a.com/Foo_(映画)',
        'https://a.com/Kategorie:日本#歴史',
        'https://a.com/a-新年/アニメb2',
      ],
    'https://example.com/fooです https://example.com/foo/です。 https://example.com/foo「bar」 a.com/(日本': [
      'https://example.com/foo',
      'https://example.com/foo/です',
      'https://example.com/foo',
      'a.com/',
    ],
    'a.com/s?q=café, a.com/s?q=アニメ&r=ä。 a.com?名=値! a.com/s?q=fooです a.com/?q=Москва?': [
      'a.com/s?q=café',
      'a.com/s?q=アニメ&r=ä',
      'a.com?名=値',
      'a.com/s?q=foo',
      'a.com/?q=Москва',
    ],
    'http://例え.みんな/ http://foobar.中国/ http://foobar.پاکستان/ http://✪df.ws/ejp http://президент.рф': [
      'http://例え.みんな/',
      'http://foobar.中国/',
      'http://foobar.پاکستان/',
      'http://✪df.ws/ejp',
      'http://президент.рф',
    ],
    'http://xn--80aswg.xn--p1ai/ ELPAÍS.com école.fr': [
      'http://xn--80aswg.xn--p1ai/',
      'ELPAÍS.com',
      'école.fr',
    ],
  });
});

describe('links of other schemes, with users, or beside what is none', () => {
  table(urls, {
    'ftp://example.com javascript:alert(1)//example.com xhttp://example.com': [],
    'http://user@example.com http://user:pw@example.com': [],
    'http://http://example.com': ['http://example.com'],
    'domain.com-and-more domain.com+ http://domain.com@x': [],
    'a.com/b.c.com -a.com .a.com /a.com': ['a.com/b.c.com'],
    'twitter.com\nhttp://example.com\u00a0it.so': ['twitter.com', 'http://example.com', 'it.so'],
    '\u200fhttp://example.com\u200e \u2066example.org\u2069': ['http://example.com', 'example.org'],
    'http://a.com。http://b.com、http://c.com」': ['http://a.com', 'http://b.com', 'http://c.com'],
  });
});

describe('any text', () => {
  const spice = [
    '@',
    '＠',
    '#',
    '＃',
    '.',
    '/',
    ':',
    '://',
    'http://',
    'a.com',
    '(',
    ')',
    '-',
    '_',
    '?',
    '&',
    'é',
  ];
  const text = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...spice,
          '日本',
          'みんな',
          ' ',
          '\n',
          'ann',
          '1',
          '\ufe0f',
          '\u200d',
          '😀',
          '\ud83d',
        ),
        fc.string({ unit: 'grapheme', maxLength: 3 }),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(''));
  const all = (raw: string) => {
    const { mentions, hashtags, links } = parseEntities(raw);
    return [...mentions, ...hashtags, ...links].sort((a, b) => a.start - b.start);
  };

  test('has entities that lie within it and do not overlap', () => {
    fc.assert(
      fc.property(text, (raw) => {
        let end = 0;
        for (const entity of all(raw)) {
          assert.ok(entity.start >= end && entity.end > entity.start && entity.end <= raw.length);
          end = entity.end;
        }
      }),
      { numRuns: 1_000 },
    );
  });
  test('has entities that match the text at their offsets', () => {
    fc.assert(
      fc.property(text, (raw) => {
        const { mentions, hashtags, links } = parseEntities(raw);
        for (const { start, end, handle } of mentions) {
          assert.match(raw.slice(start, end), /^[@＠][A-Za-z0-9_]{1,15}$/);
          assert.equal(raw.slice(start + 1, end), handle);
        }
        for (const { start, end, tag } of hashtags) {
          assert.match(raw[start]!, /[#＃]/);
          assert.equal(raw.slice(start + 1, end), tag);
          assert.match(tag, /[\p{L}\p{M}]/u);
        }
        for (const { start, end, url } of links) {
          assert.equal(raw.slice(start, end), url);
          const { protocol } = new URL(/^https?:\/\//i.test(url) ? url : `https://${url}`);
          assert.match(protocol, /^https?:$/);
        }
      }),
      { numRuns: 1_000 },
    );
  });
  test('keeps its entities when spaces and other words surround it', () => {
    fc.assert(
      fc.property(text, (raw) => {
        const moved = all(`so ${raw} it`).map(({ start, end }) => [start - 3, end - 3]);
        assert.deepEqual(
          all(raw).map(({ start, end }) => [start, end]),
          moved,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('hostile input', () => {
  const units = [
    '@',
    '#',
    'a.',
    '(',
    'http://',
    'a.co/(',
    'a.co/,',
    '#a',
    '@a',
    '.',
    '://',
    'http://日.',
    'a.中',
  ];
  for (const unit of [
    ...units,
    'a.co/(b(',
    'a.co/(b.co,',
    'RT@',
    'xn--',
    '-',
    'a.co/((x)',
    'http://a.co日',
    'a.co/日(',
    'a.co/(日',
    'a.co/日-',
    'a.co?日=',
    '/日',
    'é.',
  ]) {
    test(`100 KB of ${JSON.stringify(unit)} take time linear in their length`, () => {
      const time = (length: number) => {
        const text = unit.repeat(length / unit.length);
        const start = performance.now();
        parseEntities(text);
        return performance.now() - start;
      };
      // Quadratic work on 100 KB would take many seconds; measured are 0.1 to 75 ms.
      assert.ok(time(100_000) < 1_500);
    });
  }
});

/**
 * JSON that is joined from texts, with the type of what it says. A text is made of a whole value of its type
 * (`JSON.stringify`), so that the compiler asks for every field; joining only ever adds up types. A response of joined
 * texts is thereby held to its route's schema as one that is a value.
 *
 * Texts are bytes of UTF-8 in strings of one byte a character ("latin1"): joining and sending such strings is copying,
 * whatever script they are in. How this was chosen, with figures: docs/decisions/0058-json-from-the-schema.md.
 */
declare const of: unique symbol;
declare const inside: unique symbol;
declare const first: unique symbol;
declare const last: unique symbol;

/** The JSON of one value. */
export type Json<Of> = string & { readonly [of]: Of };
/** The JSON of an object without its braces: some of the members of a larger one, or none. */
export type Members<Of> = string & { readonly [inside]: Of };

/** How the JSON of an object begins, up to the comma before its other members. */
export type Opening<Of> = string & { readonly [first]: Of };
/** How the JSON of an object ends, from the comma on. */
export type Ending<Of> = string & { readonly [last]: Of };

/** A value in which every field is given, also those that may be absent: as `undefined`. */
export type Whole<Of> = Of extends object ? { [Field in keyof Required<Of>]: Of[Field] } : Of;

/** The JSON of a value. What is `undefined` is left out. */
export function jsonOf<Of>(value: Whole<Of>): Json<Of> {
  return bytesOf(JSON.stringify(value)) as Json<Of>;
}

/** The JSON of an object, without its braces. */
export function membersOf<Of extends object>(value: Whole<Of>): Members<Of> {
  return bytesOf(JSON.stringify(value).slice(1, -1)) as Members<Of>;
}

/** One member. Its name is of ASCII and needs no escape. */
export function memberOf<Name extends string, Of>(name: Name, json: Json<Of>): Members<Record<Name, Of>> {
  return `"${name}":${json}` as Members<Record<Name, Of>>;
}

/** These members, then those. No name may be in both. */
export function joined<These, Those>(these: Members<These>, those: Members<Those>): Members<These & Those> {
  if (these === '' || those === '') return (these + those) as Members<These & Those>;
  return `${these},${those}` as Members<These & Those>;
}

/** The object that has these members and no others. */
export function objectOf<Of>(members: Members<Of>): Json<Of> {
  return `{${members}}` as Json<Of>;
}

/** The beginning that many objects share. At least one member. */
export function openingOf<Of>(members: Members<Of>): Opening<Of> {
  return `{${members},` as Opening<Of>;
}

/** The ending that many objects share. At least one member. */
export function endingOf<Of>(members: Members<Of>): Ending<Of> {
  return `${members}}` as Ending<Of>;
}

/** As `objectOf` of all members, in one step where that takes four: a page does it for each of its tweets. */
export function completed<These, Those>(opening: Opening<These>, ending: Ending<Those>): Json<These & Those> {
  return (opening + ending) as Json<These & Those>;
}

export function arrayOf<Of>(items: readonly Json<Of>[]): Json<Of[]> {
  // Not by `join`, which copies all of them once more.
  let text = '';
  for (const item of items) text += text === '' ? item : `,${item}`;
  return `[${text}]` as Json<Of[]>;
}

/** The same text in one piece, to be kept: a joined one would be walked through each time it is used. */
export function flat<Text extends string>(text: Text): Text {
  return Buffer.from(text, 'latin1').toString('latin1') as Text;
}

/** A text's UTF-8, one byte a character. */
function bytesOf(text: string): string {
  return /[^\x00-\x7f]/.test(text) ? Buffer.from(text).toString('latin1') : text;
}

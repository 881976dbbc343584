/** Resolves the handles in a text, for the services that store it. */
import { parseEntities } from '#domain/entities.ts';
import type { UserId } from '#domain/ids.ts';
import { checkText } from '#domain/text.ts';
import type { Social } from '#social/social.ts';

/**
 * The users mentioned in a text, by handle in lower case; none if the text will be refused anyway. At most one
 * lookup, of as many handles as 140 characters hold.
 */
export async function resolveMentions(social: Social, content: string): Promise<Record<string, UserId>> {
  const checked = checkText(content);
  if (!checked.ok) return {};
  const handles = new Set(parseEntities(checked.text).mentions.map(({ handle }) => handle.toLowerCase()));
  if (handles.size === 0) return {};
  const users = await social.lookup({ handles: [...handles] });
  return Object.fromEntries(users.map(({ handle, userId }) => [handle.toLowerCase(), userId]));
}

/**
 * What every engagement store promises, run with two handles open on one backend, as two processes would be. An
 * adapter hands in how to make a fresh backend.
 */
import { describeComments } from './contract-comments.ts';
import type { CreateBackend } from './contract-kit.ts';
import { describeLikes } from './contract-likes.ts';
import { describeModel } from './contract-model.ts';
import { describeReposts } from './contract-reposts.ts';
import { describeWhole } from './contract-whole.ts';

export function describeEngagementStore(name: string, create: CreateBackend): void {
  describeLikes(name, create);
  describeReposts(name, create);
  describeComments(name, create);
  describeWhole(name, create);
  describeModel(name, create);
}

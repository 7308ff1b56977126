import { ApiTags } from '@nestjs/swagger';

const descriptions = new Map<string, string>();

/** On a controller: the group of the document that its operations are in, and what that is about. */
export const Topic = (name: string, description: string): ClassDecorator => {
  descriptions.set(name, description);
  return ApiTags(name);
};

export const descriptionOfTopic = (name: string): string | undefined => descriptions.get(name);

/** The versions that a writer accepts (`If-Match`, RFC 9110, 13.1.1); `any` if the resource only has to exist. */
export type Precondition = 'any' | readonly number[];

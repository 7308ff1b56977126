/*
 * What statements of other features need to know of a product, as queries within theirs: so they take no trip more. The
 * argument is SQL, too: a parameter or a column.
 */

/** The id of a product that is not deleted. */
export const existingProduct = (id: string): string =>
  `SELECT id FROM products WHERE products.id = ${id} AND deleted_at IS NULL`;

/** The same, and nobody can delete it before the transaction ends. */
export const keptProduct = (id: string): string => `${existingProduct(id)} FOR SHARE`;

/** The sku of a product, deleted or not. */
export const skuOf = (id: string): string => `SELECT sku FROM products WHERE products.id = ${id}`;

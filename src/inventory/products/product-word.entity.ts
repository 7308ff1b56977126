import { Entity, Index, PrimaryColumn } from 'typeorm';

/** A word of a product, present or past, for the typos that are near to it. Triggers of the products write them. */
@Entity({ name: 'product_words' })
@Index('product_words_similar_idx', { synchronize: false })
export class ProductWord {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'product_words_pkey' })
  word: string;

  /** Of no meaning: two writers at the same time may both write down a word. */
  @PrimaryColumn({
    type: 'bigint',
    generated: 'identity',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'product_words_pkey',
  })
  id: string;
}

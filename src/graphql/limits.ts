/** What a document may have before it is looked at further, whatever carries it. */
export const DOCUMENT_LIMITS = {
  parse: { maxLexicalTokens: 1_500 },
  validation: { maxErrors: 5 },
} as const;

/** The headings under which addresses are described, in this order. */
export const TAGS = {
  Classification:
    'Images against labels that nobody trained the model for, in the shapes that OpenAI has for it.',
  Embeddings: 'Vectors of images and texts; what fits lies close together.',
  Models: 'What can be called, and for how much.',
  Files: 'What is sent ahead of calls: images, and the lines of batches.',
  Batches: 'Many calls at the price of a batch. Their credit is held when they are handed in.',
  Usage: 'What was called, what it cost, and how long it took.',
  'Hugging Face': 'What the clients of Hugging Face’s inference providers and of its Hub ask for.',
  OpenRouter: 'What the clients of OpenRouter ask for: models, keys, credit and past calls.',
  DeepInfra: 'Zero-shot classification in the shape of DeepInfra.',
  Replicate: 'Predictions in the shape of Replicate, which have ended when they are answered.',
  Roboflow: 'Comparisons and embeddings in the shape of Roboflow’s CLIP.',
  BentoML: 'Ranking in the shape of BentoML’s CLIP API service.',
  'Open Inference Protocol': 'For infrastructure that speaks KServe’s protocol, version 2.',
} as const;

export type Tag = keyof typeof TAGS;

import { exactUsd } from '../../format/money.js';
import type { Model } from './model-page.js';

/** The model as schema.org has it: software, its price if it can be called, and its questions. */
export function modelData(model: Model): object {
  const { slug, name, summary, license, publishedOn, updatedOn, faq, prices } = model;
  const perImage = prices.find(({ unit }) => unit === 'IMAGE');
  const isLive = model.status === 'LIVE';
  return {
    '@graph': [
      {
        '@type': 'SoftwareApplication',
        name,
        identifier: slug,
        description: summary,
        applicationCategory: 'DeveloperApplication',
        author: { '@type': 'Organization', name: model.owner },
        ...(license === null ? {} : { license }),
        ...(publishedOn === null ? {} : { datePublished: publishedOn }),
        ...(updatedOn === null ? {} : { dateModified: updatedOn }),
        ...(isLive && perImage !== undefined
          ? {
              offers: {
                '@type': 'Offer',
                price: exactUsd(perImage.nanosPerUnit).replaceAll(/[$,]/g, ''),
                priceCurrency: 'USD',
                description: 'Price per image',
              },
            }
          : {}),
      },
      ...(faq.length === 0
        ? []
        : [
            {
              '@type': 'FAQPage',
              mainEntity: faq.map(({ question, answer }) => ({
                '@type': 'Question',
                name: question,
                acceptedAnswer: { '@type': 'Answer', text: answer },
              })),
            },
          ]),
    ],
  };
}

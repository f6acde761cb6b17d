import type {
  ClassifyCall,
  ClassifyResult,
  EmbedCall,
  EmbedResult,
  Metered,
} from '../inference/index.js';

/** What is asked for, whoever asks, and however it is paid. */
export type Asked<Call> = Omit<Call, 'actor' | 'signal' | 'idempotencyKey' | 'tier' | 'held'>;

/** Runs models for money: for a request (`MeteredCalls`), or for a line of a batch. */
export interface PaidCalls<Caller> {
  /** @throws AppError as `MeteredClassificationService.classify` */
  classify(call: Caller, what: Asked<ClassifyCall>): Promise<Metered<ClassifyResult>>;
  /** @throws AppError as `MeteredClassificationService.embed` */
  embed(call: Caller, what: Asked<EmbedCall>): Promise<Metered<EmbedResult>>;
}

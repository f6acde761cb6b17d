import { Field, Float, ObjectType } from 'type-graphql';

@ObjectType('CallTimings', { description: 'Time spent in each phase of a call, in milliseconds.' })
export class CallTimingsType {
  @Field(() => Float, {
    nullable: true,
    description: 'Time spent authenticating the caller, in milliseconds.',
  })
  readonly auth?: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Time spent reserving credit, in milliseconds.',
  })
  readonly hold?: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Time spent downloading images, in milliseconds.',
  })
  readonly fetch?: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Time spent decoding images, in milliseconds.',
  })
  readonly decode?: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Time spent waiting in the queue, in milliseconds.',
  })
  readonly queue?: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Time spent running the model, in milliseconds; 0 if everything was cached.',
  })
  readonly infer?: number;

  @Field(() => Float, { nullable: true, description: 'Time spent charging, in milliseconds.' })
  readonly capture?: number;
}

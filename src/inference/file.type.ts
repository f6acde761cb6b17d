import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';

@ObjectType('File', {
  implements: NodeType,
  description: 'An uploaded image or batch input, or the output of a batch.',
})
export class FileType implements NodeType {
  @Field(() => ID, { description: 'ID of the file, prefixed with `file_`.' })
  readonly id!: string;

  @Field(() => String, { name: 'name', description: 'Name of the file as uploaded.' })
  readonly filename!: string;

  @Field(() => String, { description: 'Purpose of the file, such as "vision" or "batch".' })
  readonly purpose!: string;

  @Field(() => String, { description: 'Media type of the content, such as "image/png".' })
  readonly mediaType!: string;

  @Field(() => GraphQLSafeInt, { description: 'Size of the file, in bytes.' })
  readonly bytes!: number;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the file was created.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the file is deleted.' })
  readonly expiresAt!: Date;
}

@ObjectType('FileEdge', { description: 'An edge in a list of files.' })
export class FileEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => FileType, { description: 'The object at the end of the edge.' })
  readonly node!: FileType;
}

@ObjectType('FileConnection', { description: 'A page of an account’s files.' })
export class FileConnectionType {
  @Field(() => [FileEdgeType], { description: 'Files on this page, newest first.' })
  readonly edges!: readonly FileEdgeType[];

  @Field(() => [FileType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly FileType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}

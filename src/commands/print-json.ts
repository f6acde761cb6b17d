export interface Json {
  readonly json?: true;
}

/** One line of JSON on standard output, where `--json` asks for it. */
export function print({ json }: Json, result: object): void {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Makes something once for each request, by its context object: nothing is shared between requests. */
export function perContext<T extends object, Context extends object = object>(
  make: (context: Context) => T,
): (context: Context) => T {
  const made = new WeakMap<Context, T>();
  return (context) => {
    let one = made.get(context);
    if (one === undefined) made.set(context, (one = make(context)));
    return one;
  };
}

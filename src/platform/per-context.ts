/** Makes something once for each request, by its context object: nothing is shared between requests. */
export function perContext<T extends object>(make: () => T): (context: object) => T {
  const made = new WeakMap<object, T>();
  return (context) => {
    let one = made.get(context);
    if (one === undefined) made.set(context, (one = make()));
    return one;
  };
}

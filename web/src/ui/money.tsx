import { exactUsd, totalUsd } from '../format/money.js';

/** An amount of money. @param as `exact` for prices and charges, else how a total is rounded */
export function Money(props: { readonly nanos: string; readonly as: 'exact' | 'credit' | 'cost' }) {
  const { nanos, as } = props;
  return (
    <data
      className="number"
      value={nanos}
      title={`${BigInt(nanos).toLocaleString('en-US')} nano-USD`}
    >
      {as === 'exact' ? exactUsd(nanos) : totalUsd(nanos, as)}
    </data>
  );
}

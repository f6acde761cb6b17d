/** Size of the drawing in its own units; the stylesheet says how large it is shown. */
const WIDTH = 96;
const HEIGHT = 24;

/** Bars of a few counts, oldest first; nothing where all are zero. @param label what it says, for those who do not see it */
export function Sparkline(props: { readonly values: readonly number[]; readonly label: string }) {
  const { values, label } = props;
  const most = Math.max(...values);
  if (!(most > 0)) return null;
  const step = WIDTH / Math.max(values.length, 1);
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
      role="img"
      aria-label={label}
    >
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max((value / most) * HEIGHT, 3);
        return (
          <rect
            key={index}
            className={value === 0 ? 'none' : undefined}
            x={index * step}
            y={HEIGHT - height}
            width={step - 2}
            height={height}
          />
        );
      })}
    </svg>
  );
}

using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// Gradient sign dropout (Chen et al. 2020, algorithm 1): for each element one sign is drawn, positive with probability
/// (1 + sum of g / sum of |g|) / 2, and only the tasks of that sign keep the element; of the others the part <c>leak</c>
/// stays. Drawn from (seed, step), here for the shared parameters, where the paper masks the gradient of a layer's output.
/// </summary>
public sealed class GradDropWeighting : GramianWeighting, IRowWeighting
{
    private const string LeakOption = "leak";

    private readonly double _leak;
    private readonly ulong _seed;

    private GradDropWeighting(double leak, ulong seed) => (_leak, _seed) = (leak, seed);

    public static WeightingDescription Description { get; } =
        new("graddrop", new Dictionary<string, double> { [LeakOption] = 0 }.AsReadOnly(), TakesWeights: false) { IsOfOneJacobian = true, RewritesRows = true };

    public static IWeighting Create(WeightingContext context) => new GradDropWeighting(context.Fraction(Description, LeakOption), context.Seed);

    public override WeightingNeed Need => WeightingNeed.Rows;

    public IReadOnlyList<string> RowNames => [];

    public WeightingState Rewrite(
        WeightingState state, IReadOnlyDictionary<string, float[]> rows_TS, in WeightingInput input, Span<float> gradients_TS)
    {
        var random = new StableRandom(StableHash.Mix(_seed, (ulong)input.Step));
        var tasks = input.Labels_T.Count;
        var length = gradients_TS.Length / tasks;
        for (var k = 0; k < length; k++)
        {
            var (sum, magnitude) = (0.0, 0.0);
            for (var start = k; start < gradients_TS.Length; start += length)
            {
                sum += gradients_TS[start];
                magnitude += Math.Abs(gradients_TS[start]);
            }
            var isPositive = random.NextDouble() * 2 * magnitude < magnitude + sum;
            for (var start = k; start < gradients_TS.Length; start += length)
            {
                if (gradients_TS[start] > 0 != isPositive)
                    gradients_TS[start] = (float)(_leak * gradients_TS[start]);
            }
        }
        return state;
    }

    protected override WeightingDecision Solve(PresentTasks present, WeightingState state)
    {
        var weights_K = new double[present.Count];
        weights_K.AsSpan().Fill(1);
        return new(weights_K, state);
    }
}

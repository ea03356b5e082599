using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// Dual balancing (Lin et al. 2023, algorithm 1): the gradients of log L_t, smoothed over the steps, g &lt;- g + (beta / k^sigma)
/// (before - g), and all made as long as the longest of them. The tasks' own parameters follow log L_t, too. A task without a
/// label in a step keeps its mean.
/// </summary>
public sealed class DbMtlWeighting : GramianWeighting, IRowWeighting
{
    private const string BetaOption = "beta";
    private const string SigmaOption = "sigma";
    private const string Averages = "averages";

    /// <summary>Added to a loss before its logarithm is taken.</summary>
    private const double Epsilon = 1e-8;

    private readonly double _beta;
    private readonly double _sigma;

    private DbMtlWeighting(WeightingContext context)
    {
        _beta = context.BelowOne(Description, BetaOption);
        _sigma = context.NotNegative(Description, SigmaOption);
    }

    public static WeightingDescription Description { get; } =
        new("db-mtl", new Dictionary<string, double> { [BetaOption] = 0.9, [SigmaOption] = 0 }.AsReadOnly(), TakesWeights: false) { RewritesRows = true };

    public static IWeighting Create(WeightingContext context) => new DbMtlWeighting(context);

    public override WeightingNeed Need => WeightingNeed.Rows;

    public IReadOnlyList<string> RowNames => [Averages];

    public WeightingState Rewrite(
        WeightingState state, IReadOnlyDictionary<string, float[]> rows_TS, in WeightingInput input, Span<float> gradients_TS)
    {
        var losses_T = input.Losses_T ?? throw new ArgumentException("this weighting needs the losses of the step", nameof(input));
        var tasks = losses_T.Count;
        var length = gradients_TS.Length / tasks;
        var keep = _beta / Math.Pow(input.Step, _sigma);
        for (var task = 0; task < tasks; task++)
        {
            if (losses_T[task] is not { } loss)
                continue;
            var gradient_S = gradients_TS.Slice(task * length, length);
            var average_S = rows_TS[Averages].AsSpan(task * length, length);
            for (var k = 0; k < length; k++)
            {
                var fresh = gradient_S[k] / (loss + Epsilon);
                gradient_S[k] = average_S[k] = (float)(fresh + keep * (average_S[k] - fresh));
            }
        }
        return state;
    }

    protected override WeightingDecision Solve(PresentTasks present, WeightingState state)
    {
        var norms_K = present.Norms_K();
        var longest = norms_K.Max();
        return new([.. norms_K.Select(norm => norm > 0 ? longest / norm : 1)], state)
        {
            OwnWeights_T = [.. present.Losses_K.Select(loss => 1 / (loss + Epsilon))],
        };
    }
}

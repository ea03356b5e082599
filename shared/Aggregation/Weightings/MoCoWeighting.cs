using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// MoCo (Fernando et al. 2023): follows running means of the gradients, y &lt;- y - b (y - g L / |g|) with
/// b = beta / k^betaSigma, and steps towards their min-norm point once a step: w &lt;- softmax(w - c (Y Yᵀ + rho I) w) with
/// c = gamma / k^gammaSigma. The update is the sum of w_t y_t. The scaling by loss over length and the softmax in place of the
/// projection are those of the authors' program. A task without a label in a step keeps its mean and its weight.
/// </summary>
public sealed class MoCoWeighting : GramianWeighting, IRowWeighting
{
    private const string BetaOption = "beta";
    private const string BetaSigmaOption = "betaSigma";
    private const string GammaOption = "gamma";
    private const string GammaSigmaOption = "gammaSigma";
    private const string RhoOption = "rho";
    private const string Weights = "weights";
    private const string Averages = "averages";

    private readonly int _tasks;
    private readonly double _beta;
    private readonly double _betaSigma;
    private readonly double _gamma;
    private readonly double _gammaSigma;
    private readonly double _rho;

    private MoCoWeighting(WeightingContext context)
    {
        _tasks = context.Tasks.Count;
        _beta = context.Fraction(Description, BetaOption);
        _betaSigma = context.NotNegative(Description, BetaSigmaOption);
        _gamma = context.NotNegative(Description, GammaOption);
        _gammaSigma = context.NotNegative(Description, GammaSigmaOption);
        _rho = context.NotNegative(Description, RhoOption);
    }

    public static WeightingDescription Description { get; } = new(
        "moco",
        new Dictionary<string, double>
        {
            [BetaOption] = 0.5,
            [BetaSigmaOption] = 0.5,
            [GammaOption] = 0.1,
            [GammaSigmaOption] = 0.5,
            [RhoOption] = 0,
        }.AsReadOnly(),
        TakesWeights: false)
    {
        RewritesRows = true,
    };

    public static IWeighting Create(WeightingContext context) => new MoCoWeighting(context);

    public override WeightingNeed Need => WeightingNeed.Rows;

    public IReadOnlyList<string> RowNames => [Averages];

    public override WeightingState Start()
    {
        var weights_T = new double[_tasks];
        weights_T.AsSpan().Fill(1.0 / _tasks);
        return WeightingState.Empty.With(Weights, weights_T);
    }

    public WeightingState Rewrite(
        WeightingState state, IReadOnlyDictionary<string, float[]> rows_TS, in WeightingInput input, Span<float> gradients_TS)
    {
        var losses_T = input.Losses_T ?? throw new ArgumentException("this weighting needs the losses of the step", nameof(input));
        var length = gradients_TS.Length / _tasks;
        var rate = _beta / Math.Pow(input.Step, _betaSigma);
        for (var task = 0; task < _tasks; task++)
        {
            if (losses_T[task] is not { } loss)
                continue;
            var gradient_S = gradients_TS.Slice(task * length, length);
            var average_S = rows_TS[Averages].AsSpan(task * length, length);
            var norm = Math.Sqrt(Gramian.Compute(gradient_S, 1, length, [1])[0, 0]);
            var scale = norm > 0 ? loss / norm : 0;
            for (var k = 0; k < length; k++)
                gradient_S[k] = average_S[k] = (float)(average_S[k] - rate * (average_S[k] - scale * gradient_S[k]));
        }
        return state;
    }

    protected override WeightingDecision Solve(PresentTasks present, WeightingState state)
    {
        var weights_K = present.Pick(state[Weights]);
        var share = weights_K.Sum();
        var rate = _gamma / Math.Pow(present.Step, _gammaSigma);
        var exponents_K = new double[present.Count];
        for (var i = 0; i < present.Count; i++)
        {
            exponents_K[i] = weights_K[i] - rate * _rho * weights_K[i];
            for (var j = 0; j < present.Count; j++)
                exponents_K[i] -= rate * present.Gramian_KK[i, j] * weights_K[j];
        }
        double[] next_K = [.. Softmax.Of(exponents_K).Select(weight => weight * share)];
        return new(next_K, state.With(Weights, present.Place(next_K, state[Weights].ToArray())));
    }
}

using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// Excess risks (He et al. 2024, algorithm 1): w_t &lt;- w_t exp(eta e_t / e_t at its first step), summing to T,
/// where e_t = sum of g^2 / sqrt(A) estimates how far the task still is from its optimum, and A is the sum of g^2 over the
/// steps, element by element. A task without a label in a step is weighed as the others are on average.
/// </summary>
public sealed class ExcessMtlWeighting : GramianWeighting, IRowWeighting
{
    private const string EtaOption = "eta";
    private const string Weights = "weights";
    private const string First = "firstExcess";
    private const string Squares = "squares";

    private readonly int _tasks;
    private readonly double _eta;

    private ExcessMtlWeighting(WeightingContext context)
    {
        _tasks = context.Tasks.Count;
        _eta = context.NotNegative(Description, EtaOption);
    }

    public static WeightingDescription Description { get; } =
        new("excess-mtl", new Dictionary<string, double> { [EtaOption] = 0.01 }.AsReadOnly(), TakesWeights: false) { RewritesRows = true };

    public static IWeighting Create(WeightingContext context) => new ExcessMtlWeighting(context);

    public override WeightingNeed Need => WeightingNeed.Rows;

    public IReadOnlyList<string> RowNames => [Squares];

    public override WeightingState Start()
    {
        var weights_T = new double[_tasks];
        weights_T.AsSpan().Fill(1);
        return WeightingState.Empty.With(Weights, weights_T).With(First, new double[_tasks]);
    }

    /// <summary>Leaves the gradients as they are: what it needs of their elements goes into the weights.</summary>
    public WeightingState Rewrite(
        WeightingState state, IReadOnlyDictionary<string, float[]> rows_TS, in WeightingInput input, Span<float> gradients_TS)
    {
        var length = gradients_TS.Length / _tasks;
        var first_T = state[First].ToArray();
        var rises_T = new double?[_tasks];
        for (var task = 0; task < _tasks; task++)
        {
            if (input.Labels_T[task] == 0)
                continue;
            var excess = Excess(gradients_TS.Slice(task * length, length), rows_TS[Squares].AsSpan(task * length, length));
            if (first_T[task] > 0)
                rises_T[task] = _eta * excess / first_T[task];
            else
                first_T[task] = excess;
        }
        var mean = rises_T.Average() ?? 0;
        double[] weights_T = [.. state[Weights].Select((weight, task) => Math.Log(weight) + (rises_T[task] ?? mean))];
        // Shares below e^-300 would become a weight of zero, which no factor brings back.
        var largest = weights_T.Max();
        var shares_T = Softmax.Of([.. weights_T.Select(weight => Math.Max(weight, largest - 300))]);
        return state.With(Weights, [.. shares_T.Select(share => share * _tasks)]).With(First, first_T);
    }

    protected override WeightingDecision Solve(PresentTasks present, WeightingState state)
    {
        var weights_K = present.Pick(state[Weights]);
        return new(weights_K, state) { OwnWeights_T = weights_K };
    }

    /// <summary>Adds the squares to A, then the sum of g^2 / sqrt(A).</summary>
    private static double Excess(ReadOnlySpan<float> gradient_S, Span<float> squares_S)
    {
        var excess = 0.0;
        for (var k = 0; k < gradient_S.Length; k++)
        {
            var square = (double)gradient_S[k] * gradient_S[k];
            squares_S[k] = (float)Math.Min(squares_S[k] + square, float.MaxValue);
            if (squares_S[k] > 0)
                excess += square / Math.Sqrt(squares_S[k]);
        }
        return excess;
    }
}

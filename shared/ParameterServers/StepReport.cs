namespace DistMtl.ParameterServers;

/// <summary>What one server has measured of the gradients of a step, for the coordinator to weigh the tasks by.</summary>
/// <param name="Version">The parameters that the gradients are of.</param>
/// <param name="Slices">
/// By slice that the server owns: of a shared slice the T(T + 1) / 2 products of the tasks' sums, row after row of the lower
/// triangle; of a combined gradient, or of a task's own slice, the one sum of squares.
/// </param>
/// <param name="Rows">By partition of the table rows (<see cref="RowPartition"/>): as of a shared slice; empty without sparse tables.</param>
/// <param name="OwnRows_T">By task: the sum of squares of the rows of tables that it alone uses; empty without such tables.</param>
public sealed record StepReport(int Version, IReadOnlyDictionary<int, double[]> Slices, double[][] Rows, double[] OwnRows_T);

/// <summary>How a server makes its update of the gradients of a step.</summary>
/// <param name="Version">The parameters that the gradients are of.</param>
/// <param name="Weights_T">As the weighting decided; null: the gradient is combined already.</param>
/// <param name="OwnWeights_T">Of what a task alone uses; null: 1 each.</param>
/// <param name="Labels_T">N_t, what makes means of the sums.</param>
/// <param name="RateFactor">The schedule's.</param>
/// <param name="ClipFactor">What the whole update is multiplied by; 1: nothing.</param>
public sealed record UpdateOrder(int Version, double[]? Weights_T, double[]? OwnWeights_T, long[] Labels_T, double RateFactor, double ClipFactor);

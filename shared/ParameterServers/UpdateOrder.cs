namespace DistMtl.ParameterServers;

/// <summary>How a server makes its update of the gradients of a step.</summary>
/// <param name="Lane">Whose step it is.</param>
/// <param name="Version">The lane's step that the gradients are of.</param>
/// <param name="Update">The number of this update over all lanes, 1 for the first.</param>
/// <param name="Weights_T">As the weighting decided; null: the gradient is combined already.</param>
/// <param name="OwnWeights_T">Of what a task alone uses; null: 1 each.</param>
/// <param name="Counts_T">N_t, what makes means of the sums.</param>
/// <param name="RateFactor">The schedule's.</param>
/// <param name="ClipFactor">What the whole update is multiplied by; 1: nothing.</param>
public sealed record UpdateOrder(
    int Lane, int Version, int Update, double[]? Weights_T, double[]? OwnWeights_T, long[] Counts_T, double RateFactor, double ClipFactor)
{
    /// <summary>Whether the gradients are dropped: nothing changes, but the parameters go on under the next version.</summary>
    public bool IsSkipped { get; init; }
}

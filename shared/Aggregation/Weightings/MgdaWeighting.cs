using System.Collections.ObjectModel;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// Multiple-gradient descent (Désidéri 2012; Sener and Koltun 2018, eq. 3): the shortest vector in the convex hull of
/// the gradients. It descends on every task, and is zero only where no common descent direction exists.
/// </summary>
public sealed class MgdaWeighting : GramianWeighting
{
    public static WeightingDescription Description { get; } =
        new("mgda", ReadOnlyDictionary<string, double>.Empty, TakesWeights: false);

    public static IWeighting Create(WeightingContext context) => new MgdaWeighting();

    protected override double[] Solve(double[,] gramian_TT, long step) => MinNormPoint.Solve(gramian_TT);
}

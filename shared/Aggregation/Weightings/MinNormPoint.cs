namespace DistMtl.Aggregation.Weightings;

/// <summary>
/// The shortest vector in the convex hull of T vectors, from their Gramian alone: Wolfe's algorithm (1976). It walks
/// over corrals, affinely independent subsets whose shortest affine combination lies inside their hull; there are
/// finitely many and the length falls with each, so the result is exact up to rounding, unlike Frank-Wolfe's.
/// </summary>
internal static class MinNormPoint
{
    private const double Epsilon = 2.220446049250313e-16;

    /// <returns>Weights that are not negative and sum to 1.</returns>
    public static double[] Solve(double[,] gramian_TT)
    {
        var tasks = gramian_TT.GetLength(0);
        var shortest = 0;
        for (var task = 1; task < tasks; task++)
        {
            if (gramian_TT[task, task] < gramian_TT[shortest, shortest])
                shortest = task;
        }
        var corral = new List<int> { shortest };
        var weights_T = new double[tasks];
        weights_T[shortest] = 1;
        var squaredLength = gramian_TT[shortest, shortest];

        while (true)
        {
            var entering = FarthestBelow(gramian_TT, weights_T, corral);
            if (entering < 0)
                return weights_T;
            List<int> nextCorral = [.. corral, entering];
            var next_T = MoveInto(gramian_TT, (double[])weights_T.Clone(), nextCorral);
            var nextSquaredLength = SquaredLength(gramian_TT, next_T);
            // Only rounding can keep the length from falling; then what is left to gain is below it.
            if (!(nextSquaredLength < squaredLength))
                return weights_T;
            (corral, weights_T, squaredLength) = (nextCorral, next_T, nextSquaredLength);
        }
    }

    /// <summary>
    /// The vector that lies farthest below the plane through x perpendicular to x, in units of what rounding could
    /// explain; -1 where none does, which proves x shortest (Wolfe's criterion: x . g_j >= x . x for all j).
    /// </summary>
    private static int FarthestBelow(double[,] gramian_TT, double[] weights_T, List<int> corral)
    {
        var tasks = weights_T.Length;
        var (product_T, magnitude_T) = (new double[tasks], new double[tasks]);
        var (square, squareMagnitude) = (0.0, 0.0);
        for (var j = 0; j < tasks; j++)
        {
            foreach (var i in corral)
            {
                product_T[j] += weights_T[i] * gramian_TT[i, j];
                magnitude_T[j] += weights_T[i] * Math.Abs(gramian_TT[i, j]);
            }
            square += weights_T[j] * product_T[j];
            squareMagnitude += weights_T[j] * magnitude_T[j];
        }

        var (farthest, farthestExcess) = (-1, 1.0);
        for (var j = 0; j < tasks; j++)
        {
            if (corral.Contains(j))
                continue;
            var rounding = 4 * Epsilon * tasks * (magnitude_T[j] + squareMagnitude);
            var excess = (square - product_T[j]) / rounding;
            if (excess > farthestExcess)
                (farthest, farthestExcess) = (j, excess);
        }
        return farthest;
    }

    /// <summary>
    /// Moves towards the shortest affine combination of the corral; each time the way leaves the hull, drops the vectors
    /// whose weight reached zero and turns to that of the rest.
    /// </summary>
    private static double[] MoveInto(double[,] gramian_TT, double[] weights_T, List<int> corral)
    {
        while (true)
        {
            var target = ShortestAffine(gramian_TT, corral);
            var (way, leaving) = (1.0, -1);
            for (var k = 0; k < corral.Count; k++)
            {
                var weight = weights_T[corral[k]];
                if (target[k] > 0 || weight <= target[k])
                    continue;
                var until = weight / (weight - target[k]);
                if (leaving < 0 || until < way)
                    (way, leaving) = (until, k);
            }
            for (var k = 0; k < corral.Count; k++)
            {
                var task = corral[k];
                weights_T[task] = leaving < 0 ? target[k] : Math.Max(0, weights_T[task] + way * (target[k] - weights_T[task]));
            }
            if (leaving < 0)
                break;
            weights_T[corral[leaving]] = 0;
            corral.RemoveAt(leaving);
        }
        corral.RemoveAll(task => weights_T[task] == 0);
        var sum = weights_T.Sum();
        for (var task = 0; task < weights_T.Length; task++)
            weights_T[task] /= sum;
        return weights_T;
    }

    /// <summary>
    /// Weights, summing to 1, of the shortest vector in the affine hull of the corral: x = g_b + sum of v_i (g_i - g_b)
    /// with H v = -r, H = ((g_i - g_b) . (g_j - g_b)), r = ((g_i - g_b) . g_b), where b is the shortest, so that
    /// the differences lose least. Cholesky with diagonal scaling; a direction that is dependent up to rounding gets 0.
    /// </summary>
    private static double[] ShortestAffine(double[,] gramian_TT, List<int> corral)
    {
        var b = corral.MinBy(task => gramian_TT[task, task]);
        int[] others = [.. corral.Where(task => task != b)];
        var n = others.Length;
        var scales = new double[n];
        var matrix = new double[n, n];
        var right = new double[n];
        for (var i = 0; i < n; i++)
        {
            var squared = Difference(others[i], others[i]);
            // A power of two rounds nothing.
            scales[i] = squared > 0 ? Math.ScaleB(1, -Math.ILogB(squared) / 2) : 0;
            right[i] = -scales[i] * (gramian_TT[others[i], b] - gramian_TT[b, b]);
        }

        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
                matrix[i, j] = scales[i] * scales[j] * Difference(others[i], others[j]);
        }
        var solution = Cholesky.Solve(matrix, right, n * Epsilon);

        var weights = new double[corral.Count];
        var rest = 1.0;
        for (var i = 0; i < n; i++)
        {
            var weight = scales[i] * solution[i];
            weights[corral.IndexOf(others[i])] = weight;
            rest -= weight;
        }
        weights[corral.IndexOf(b)] = rest;
        return weights;

        double Difference(int i, int j) => gramian_TT[i, j] - gramian_TT[i, b] - gramian_TT[b, j] + gramian_TT[b, b];
    }

    private static double SquaredLength(double[,] gramian_TT, double[] weights_T)
    {
        var sum = 0.0;
        for (var i = 0; i < weights_T.Length; i++)
        {
            for (var j = 0; j < weights_T.Length; j++)
                sum += weights_T[i] * weights_T[j] * gramian_TT[i, j];
        }
        return sum;
    }
}

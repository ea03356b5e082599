namespace DistMtl.Aggregation.Weightings;

/// <summary>A x = b for a symmetric positive definite matrix.</summary>
internal static class Cholesky
{
    /// <summary>
    /// The solution, from A = L Lᵀ. A pivot that rounding has made zero or negative counts as infinite, which leaves its
    /// unknown at zero.
    /// </summary>
    /// <param name="tolerance">Part of its diagonal element up to which a pivot is rounding.</param>
    public static double[] Solve(double[,] matrix, double[] right, double tolerance = 0)
    {
        var n = right.Length;
        var factor = new double[n, n];
        var solution = (double[])right.Clone();
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var value = matrix[i, j];
                for (var k = 0; k < j; k++)
                    value -= factor[i, k] * factor[j, k];
                if (i == j)
                    factor[i, i] = value > tolerance * matrix[i, i] ? Math.Sqrt(value) : 0;
                else
                    factor[i, j] = factor[j, j] == 0 ? 0 : value / factor[j, j];
            }
        }
        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < i; k++)
                solution[i] -= factor[i, k] * solution[k];
            solution[i] = factor[i, i] == 0 ? 0 : solution[i] / factor[i, i];
        }
        for (var i = n - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < n; k++)
                solution[i] -= factor[k, i] * solution[k];
            solution[i] = factor[i, i] == 0 ? 0 : solution[i] / factor[i, i];
        }
        return solution;
    }
}

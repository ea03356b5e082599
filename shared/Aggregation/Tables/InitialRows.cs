using System.Numerics;
using System.Runtime.CompilerServices;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol;

namespace DistMtl.Aggregation.Tables;

/// <summary>
/// The first values of a table's rows: element d of row r is a hash of (seed, table, r, d) that is nearly normal, the sum of
/// four uniform numbers of 16 bits (Irwin 1927, Hall 1927) with mean 0 and the table's standard deviation, never further
/// from 0 than 3.47 of these. Whole numbers and one multiplication, so that the bits are the same on every machine, which the
/// logarithm and cosine of Box and Muller do not promise; and a few operations for as many numbers as a vector holds, for
/// every pull of rows that nobody has touched yet draws them anew.
/// </summary>
internal sealed class InitialRows(TableEntry entry, ulong seed)
{
    private const ulong Golden64 = 0x9E3779B97F4A7C15;
    private const uint Golden32 = 0x9E3779B9;

    /// <summary>Of the sum of four numbers from 0 to 65535.</summary>
    private const int Mean = 2 * ushort.MaxValue;
    private const double Variance = 4 * (65536.0 * 65536.0 - 1) / 12;

    private readonly ulong _key = StableHash.Mix(seed, StableHash.Of(entry.Name));
    private readonly float _scale = (float)(entry.InitialScale / Math.Sqrt(Variance));

    /// <param name="values_D">All of the row.</param>
    public void Draw(int row, Span<float> values_D)
    {
        var key = Mix(_key + (ulong)row * Golden64);
        var (low, high) = (Vector.Create((uint)key), Vector.Create((uint)(key >> 32)));
        var scale = Vector.Create(_scale);
        for (var i = 0; i < values_D.Length; i += Lanes.Count)
        {
            var counter = (Vector<uint>.Indices + Vector.Create((uint)i)) * Golden32;
            var sum = Halves(Mix(low + counter)) + Halves(Mix(high + counter));
            Lanes.Store(values_D, i, Vector.ConvertToSingle(Vector.AsVectorInt32(sum) - Vector.Create(Mean)) * scale);
        }
    }

    private static Vector<uint> Halves(Vector<uint> words) => (words & Vector.Create((uint)ushort.MaxValue)) + (words >>> 16);

    /// <summary>The last step of SplitMix64 (Steele, Lea, Flood 2014).</summary>
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A bijection of 32 bits in which every bit of the input moves every bit of the output (Wellons 2018, lowbias32).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> Mix(Vector<uint> z)
    {
        z = (z ^ (z >>> 16)) * 0x7FEB352D;
        z = (z ^ (z >>> 15)) * 0x846CA68B;
        return z ^ (z >>> 16);
    }
}

using DistMtl.Aggregation.Compression;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;
using static DistMtl.Aggregation.Tests.Compression.CompressionTesting;

namespace DistMtl.Aggregation.Tests.Compression;

/// <summary>Least squares with a matrix and a bias, noise included, over four shards, with a rate that falls to nothing.</summary>
public sealed class ToyTrainingTests
{
    private const int Inputs = 10;
    private const int Outputs = 8;
    private const int Shards = 4;
    private const int Rows = 16;
    private const int Steps = 800;
    private const int Length = Outputs * Inputs + Outputs;

    private static readonly ParameterLayout Model = Layout(("weight", [Outputs, Inputs], null), ("bias", [Outputs], null));
    private static readonly float[] Truth = Normals(Length, 7);
    private static readonly (float[] X, float[] Y)[][] Data = [.. Enumerable.Range(0, Shards).Select(Generate)];
    private static readonly double Untrained = Loss(new float[Length]);

    /// <summary>What plain gradients come to, long after they have come there.</summary>
    private static readonly double Optimum = Train(null, Sgd(0.3, 0));

    public static TheoryData<int> Kinds => KindNumbers;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Sgd_comes_to_the_optimum(int kind)
    {
        var settings = OfToy(AllKinds[kind]);
        Assert.InRange(Optimum, 0, Untrained / 5);

        Assert.InRange(Train(settings, Sgd(0.1, 0)), Optimum * 0.999, Optimum * 1.02);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Adam_comes_to_the_optimum(int kind)
    {
        var settings = OfToy(AllKinds[kind]) with { Momentum = null };
        var adam = new OptimizerSettings(OptimizerKind.Adam, 0.03, 0, 0.9, 0.999, 1e-8, 0);

        Assert.InRange(Train(settings, settings.ServerOptimizer(adam)), Optimum * 0.999, Optimum * 1.05);
    }

    [Fact]
    public void The_shards_momentum_comes_to_the_optimum_in_the_servers_place()
    {
        var (settings, momentum) = (new CompressionSettings(CompressionKind.TopK) { Ratio = 0.1 }, Sgd(0.02, 0.9));
        var server = settings.ServerOptimizer(momentum);
        Assert.Equal(0, server.Momentum);

        Assert.InRange(Train(settings with { Momentum = settings.ShardMomentum(momentum) }, server), Optimum * 0.999, Optimum * 1.02);
    }

    /// <summary>What the memory is for: the largest elements alone leave the others where they began.</summary>
    [Fact]
    public void Without_what_is_kept_the_largest_alone_do_not_come_there() =>
        Assert.True(Train(new(CompressionKind.TopK) { Ratio = 0.02 }, Sgd(0.1, 0), forget: true) > 1.1 * Optimum);

    /// <summary>A hundredth of so few parameters would be one.</summary>
    private static CompressionSettings OfToy(CompressionSettings settings) => settings with { Ratio = 0.1, Momentum = settings.Momentum is null ? null : 0.5 };

    private static OptimizerSettings Sgd(double rate, double momentum) => new(OptimizerKind.Sgd, rate, 0, 0, 0, 0, momentum);

    /// <returns>The loss at the end.</returns>
    private static double Train(CompressionSettings? settings, OptimizerSettings server, bool forget = false)
    {
        var plan = Plan(settings ?? CompressionSettings.None, Model) with { Shards = Shards };
        ShardCompressor[] compressors = settings is null ? [] : [.. Enumerable.Range(0, Shards).Select(shard => new ShardCompressor(plan, shard))];
        var (optimizer, parameters) = (Optimizer.Create(server, Length), new float[Length]);
        for (var step = 0; step < Steps; step++)
        {
            var tree = new TreeReducer<float[]>(Shards, (left, right) => [.. left.Zip(right, (a, b) => a + b)]);
            for (var shard = 0; shard < Shards; shard++)
            {
                var gradient = GradientOf(Data[shard], parameters);
                if (settings is not null)
                    gradient = plan.Decode(0, compressors[shard].Compress(0, gradient, step));
                if (forget)
                    compressors[shard].State["residual"].AsSpan().Clear();
                tree.Add(TreeNode.Leaf(shard), gradient);
            }
            optimizer.Step(parameters, tree.Root, 1 - (double)step / Steps);
        }
        return Loss(parameters);
    }

    private static (float[] X, float[] Y)[] Generate(int shard)
    {
        var rows = new (float[] X, float[] Y)[Rows];
        for (var row = 0; row < Rows; row++)
        {
            var x = Normals(Inputs, shard, row, 0);
            rows[row] = (x, [.. Predict(Truth, x).Zip(Normals(Outputs, shard, row, 1), (y, noise) => y + noise)]);
        }
        return rows;
    }

    private static float[] Normals(int length, params ReadOnlySpan<int> key)
    {
        var values = new float[length];
        var random = new StableRandom(StableHash.Mix([.. key.ToArray().Select(part => (ulong)part)]));
        for (var i = 0; i < length; i++)
            values[i] = (float)random.NextNormal();
        return values;
    }

    private static float[] Predict(float[] parameters, float[] x)
    {
        var y = new float[Outputs];
        for (var o = 0; o < Outputs; o++)
        {
            y[o] = parameters[Outputs * Inputs + o];
            for (var i = 0; i < Inputs; i++)
                y[o] += parameters[o * Inputs + i] * x[i];
        }
        return y;
    }

    /// <summary>Half the squared error of a row, in the mean over all rows of all shards.</summary>
    private static double Loss(float[] parameters) => Data.SelectMany(rows => rows).Average(row =>
        row.Y.Zip(Predict(parameters, row.X), (y, predicted) => Math.Pow(predicted - y, 2) / 2).Sum());

    /// <summary>The shard's part of the mean's.</summary>
    private static float[] GradientOf((float[] X, float[] Y)[] rows, float[] parameters)
    {
        var gradient = new float[Length];
        foreach (var (x, y) in rows)
        {
            var predicted = Predict(parameters, x);
            for (var o = 0; o < Outputs; o++)
            {
                var error = (predicted[o] - y[o]) / (Shards * Rows);
                gradient[Outputs * Inputs + o] += error;
                for (var i = 0; i < Inputs; i++)
                    gradient[o * Inputs + i] += error * x[i];
            }
        }
        return gradient;
    }
}

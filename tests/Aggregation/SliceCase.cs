using System.Collections.Immutable;
using System.Runtime.InteropServices;
using CsCheck;
using DistMtl.Aggregation.Optimizers;
using DistMtl.Aggregation.Weightings;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests;

/// <summary>A random layout of several slices, with frozen parameters and rates of their own, and the gradients of a step.</summary>
internal sealed class SliceCase
{
    private StableRandom _random;

    public SliceCase(ulong seed, int tasks, bool perTask, OptimizerKind kind = OptimizerKind.Adam, bool someLack = true)
    {
        _random = new StableRandom(StableHash.Mix(seed, (ulong)tasks));
        Settings = new OptimizerSettings(kind, 0.01, 0.1, 0.9, 0.999, 1e-8, _random.Next(3) == 0 ? 0 : 0.9) { Groups = [new("*.b", null, 0.02)] };
        Layout = ParameterLayout.Create([.. Entries(null, 120_000), .. Enumerable.Range(0, tasks).SelectMany(task => Entries(task, 50_000))]);
        Shape = GradientShape.Create(Layout, tasks, perTask ? WeightingNeed.Gramian : WeightingNeed.Losses);
        Slices = ParameterSlices.Of(Layout);
        Segments = ParameterSegment.Of(Layout, Settings, [.. Enumerable.Range(0, tasks).Select(task => new TaskSettings($"t{task}", TaskKind.Binary, "", null, []) { LearningRate = task == 1 ? 0.003 : null })]);
        Labels_T = [.. Enumerable.Range(0, tasks).Select(_ => someLack && _random.Next(3) == 0 ? 0L : 1 + _random.Next(50))];
        Weights_T = [.. Enumerable.Range(0, tasks).Select(_ => _random.Next(5) == 0 ? 0 : _random.NextDouble() * 3)];
        OwnWeights_T = _random.Next(2) == 0 ? [] : [.. Enumerable.Range(0, tasks).Select(_ => _random.NextDouble() * 3)];
        Parameters_P = Values(Layout.Length);
        Left = Values(Shape.Length);
        Right = _random.Next(4) == 0 ? [] : Values(Shape.Length);
        // What the rows of a task without labels hold must not matter.
        for (var task = 0; perTask && task < tasks; task++)
        {
            if (Labels_T[task] == 0 && Layout.SharedLength > 0)
                Left[Shape.Shared(task).Start.Value] = float.NaN;
        }
    }

    /// <summary>Seeds and numbers of tasks, in either shape.</summary>
    public static Gen<(ulong Seed, int Tasks, bool PerTask)> Any => Gen.Select(Gen.ULong, Gen.Int[1, 4], Gen.Bool);

    public OptimizerSettings Settings { get; }

    public ParameterLayout Layout { get; }

    public GradientShape Shape { get; }

    public ParameterSlices Slices { get; }

    public ImmutableArray<ParameterSegment> Segments { get; }

    public long[] Labels_T { get; }

    public double[] Weights_T { get; }

    /// <summary>Empty: 1 each.</summary>
    public double[] OwnWeights_T { get; }

    public float[] Parameters_P { get; }

    public float[] Left { get; }

    /// <summary>Empty: there is one child only.</summary>
    public float[] Right { get; }

    public TaskCoefficients? Coefficients => Shape.IsPerTask ? new(Weights_T, Labels_T, OwnWeights_T) : null;

    /// <summary>left + right, written out.</summary>
    public float[] Whole
    {
        get
        {
            float[] sums = [.. Left];
            for (var i = 0; i < Right.Length; i++)
                sums[i] += Right[i];
            return sums;
        }
    }

    /// <summary>The update by the passes over whole buffers.</summary>
    public float[] Update_P
    {
        get
        {
            if (!Shape.IsPerTask)
                return Whole;
            var update_P = new float[Layout.Length];
            GradientCombiner.Combine(Shape, Whole, Weights_T, Labels_T, update_P, OwnWeights_T);
            return update_P;
        }
    }

    public SliceSum Sum(int slice) => new(Part(Left, slice), Part(Right, slice));

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.True(MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual)));

    private float[] Part(float[] gradients, int slice) =>
        gradients.Length == 0 ? [] : Slices.Segments(Shape, slice).Aggregate(Array.Empty<float>(), (parts, part) => [.. parts, .. gradients.AsSpan(part.Offset, part.Length)]);

    private List<ParameterEntry> Entries(int? task, int maxLength)
    {
        var entries = new List<ParameterEntry>();
        for (var count = _random.Next(4); count > 0; count--)
        {
            entries.Add(new ParameterEntry($"p{task}.{count}.{(_random.Next(2) == 0 ? "b" : "w")}", [1 + _random.Next(maxLength)], 0, task, Initializer.Constant, 0)
            {
                LearningRate = _random.Next(4) switch { 0 => 0, 1 => 0.02, _ => null },
            });
        }
        // A group must fit something.
        if (task is null)
            entries.Add(new ParameterEntry("p.b", [1 + _random.Next(maxLength)], 0, null, Initializer.Constant, 0));
        return entries;
    }

    private float[] Values(int length)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = (float)(_random.NextDouble() * 2 - 1);
        return values;
    }
}

using DistMtl.Data;
using DistMtl.Learning.Layers;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Models;
using DistMtl.Protocol.Models.Encoders;
using static DistMtl.Learning.Tests.Encoders.Reference;

namespace DistMtl.Learning.Tests.Encoders;

/// <summary>Every encoder against its paper's equations, row by row, in double.</summary>
public sealed class EncoderTests
{
    public static TheoryData<EncoderKind, bool, NormPlace> Trainable => new()
    {
        { EncoderKind.Mean, false, NormPlace.Pre },
        { EncoderKind.Gru, false, NormPlace.Pre },
        { EncoderKind.Lstm, false, NormPlace.Pre },
        { EncoderKind.Din, false, NormPlace.Pre },
        { EncoderKind.Transformer, false, NormPlace.Pre },
        { EncoderKind.Transformer, true, NormPlace.Post },
        { EncoderKind.Cnn, true, NormPlace.Pre },
    };

    [Fact]
    public void The_mean_is_that_of_the_embeddings()
    {
        using var mean = new EncoderCase(null);
        mean.AssertEncodes((row, _) => Mean(mean.Embedded(row)));
    }

    [Fact]
    public void A_gru_takes_one_id_after_the_other()
    {
        using var gru = new EncoderCase(Of(EncoderKind.Gru, new EncoderSettings { Hidden = 3, Layers = 2 }));
        gru.AssertEncodes((row, _) => Enumerable.Range(0, 2).Aggregate(gru.Embedded(row), (inputs, layer) => GruLayer(gru, layer, inputs))[^1]);
    }

    [Fact]
    public void An_lstm_takes_one_id_after_the_other()
    {
        using var lstm = new EncoderCase(Of(EncoderKind.Lstm, new EncoderSettings { Hidden = 3, Layers = 2 }));
        lstm.AssertEncodes((row, _) => Enumerable.Range(0, 2).Aggregate(lstm.Embedded(row), (inputs, layer) => LstmLayer(lstm, layer, inputs))[^1]);
    }

    [Fact]
    public void Din_weighs_each_behaviour_by_its_activation_unit_without_a_softmax()
    {
        using var din = new EncoderCase(Of(EncoderKind.Din, new EncoderSettings { Hidden = 5, Target = "item" }));
        din.AssertEncodes((row, target) =>
        {
            var v = din.Matrix("target")[target];
            return din.Embedded(row).Select(e =>
            {
                double[] pair = [.. e, .. v, .. e.Zip(v, (x, y) => x - y), .. e.Zip(v, (x, y) => x * y)];
                var hidden = Relu(Linear(pair, din.Matrix("unit.0.weight"), din.Vector("unit.0.bias")));
                var weight = Linear(hidden, din.Matrix("weight.weight"), din.Vector("weight.bias"))[0];
                return e.Select(x => x * weight).ToArray();
            }).Aggregate(Add);
        });
    }

    [Theory]
    [InlineData(NormPlace.Pre, null)]
    [InlineData(NormPlace.Post, null)]
    [InlineData(NormPlace.Pre, 6)]
    public void A_transformer_over_behaviour_sees_the_past_alone_and_counts_positions_from_the_end(NormPlace norm, int? hidden)
    {
        using var transformer = new EncoderCase(
            Of(EncoderKind.Transformer, new EncoderSettings { Hidden = hidden, Layers = 2, Heads = 2, Norm = norm }));
        transformer.AssertEncodes((row, _) => TransformerBlocks(transformer, row, norm, hidden is not null, isCausal: true)[^1]);
    }

    [Theory]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.Cls)]
    public void A_transformer_over_text_looks_both_ways_and_counts_positions_from_the_start(Pooling pooling)
    {
        using var transformer = new EncoderCase(
            Of(EncoderKind.Transformer, new EncoderSettings { Layers = 2, Heads = 2, Pooling = pooling }, isText: true));
        transformer.AssertEncodes((row, _) =>
        {
            var x = TransformerBlocks(transformer, row, NormPlace.Pre, hasInput: false, isCausal: false);
            return pooling == Pooling.Mean ? Mean(x) : x[0];
        });
    }

    [Fact]
    public void A_text_cnn_takes_each_filter_s_greatest_value_over_the_windows_that_end_at_a_token()
    {
        using var cnn = new EncoderCase(Of(EncoderKind.Cnn, new EncoderSettings { Windows = [2, 4], Filters = 3 }, isText: true));
        cnn.AssertEncodes((row, _) => [.. new[] { 2, 4 }.SelectMany(window =>
        {
            var none = Enumerable.Repeat(new double[EncoderCase.Dim], window - 1);
            double[][] tokens = [.. none, .. cnn.Embedded(row)];
            return row.Select((_, end) => Relu(Linear(
                    [.. tokens[end..(end + window)].SelectMany(token => token)],
                    cnn.Matrix($"window{window}.weight"), cnn.Vector($"window{window}.bias"))))
                .Aggregate((a, b) => [.. a.Zip(b, Math.Max)]);
        })]);
    }

    [Theory]
    [MemberData(nameof(Trainable))]
    public void Gradients_agree_with_finite_differences(EncoderKind kind, bool isText, NormPlace norm)
    {
        using var encoder = new EncoderCase(kind == EncoderKind.Mean ? null : Of(
            kind, new EncoderSettings { Hidden = 4, Layers = 2, Heads = 2, Norm = norm, Windows = [2, 3], Filters = 3 }, isText));
        encoder.AssertGradients();
    }

    [Fact]
    public void Dropout_draws_from_the_micro_batch_s_generator_at_the_encoder_s_rate()
    {
        using var encoder = new EncoderCase(Of(EncoderKind.Transformer, new EncoderSettings { Dropout = 0.5 }));

        Assert.Equal(Gradients(1), Gradients(1));
        Assert.NotEqual(Gradients(1), Gradients(2));
        Assert.NotEqual(Gradients(1), encoder.Gradients());

        float[] Gradients(ulong seed)
        {
            using var dropout = Dropout.Create(0, seed, TorchRuntime.Start(DeviceKind.Cpu));
            return encoder.Gradients(dropout);
        }
    }

    [Theory]
    [InlineData(EncoderKind.Din)]
    [InlineData(EncoderKind.Transformer)]
    public void Many_rows_are_predicted_as_each_of_them_alone(EncoderKind kind)
    {
        const int count = 700;
        var inputs = new ModelInputs(
            0, [new("item", 9, 4)],
            [new("item", 0, false), new("history", 0, true) { Encoding = Of(kind, new EncoderSettings { Hidden = 4, Target = "item" }) with { Target = (0, 0) } }],
            [new("y", TaskKind.Regression, 1, 0)]);
        using var learner = new Learner(new ModelSettings(Architecture.SharedBottom, 1, [], [8], [], 0), inputs, TorchRuntime.Start(DeviceKind.Cpu));
        learner.Load(InitialParameters.Draw(learner.Layout, 3));
        // The block from 256 to 511 has no id at all.
        int[][] histories = [.. Enumerable.Range(0, count).Select(b => b / 256 == 1 ? [] : Enumerable.Range(0, b % 6).Select(i => (b + i) % 9).ToArray())];
        var rows = new EncodedRows
        {
            Count = count,
            DenseWidth = 0,
            Dense_BD = [],
            CategoricalCount = 1,
            Ids_BC = [.. Enumerable.Range(0, count).Select(b => b % 9)],
            Sequences = [new SequenceColumn([.. histories.SelectMany(ids => ids)], [0, .. histories.Select((_, b) => histories.Take(b + 1).Sum(ids => ids.Length))])],
            TaskCount = 1,
            Labels_BT = new float[count],
        };

        var together = learner.Predict(rows, PulledRows.None)[0];

        Assert.Equal(count, together.Length);
        foreach (var b in new[] { 0, 5, 255, 256, 400, 511, 512, 699 })
            Assert.Equal(learner.Predict(rows.Gather([b]), PulledRows.None)[0][0], together[b], 1e-6f);
    }

    private static SequenceEncoding Of(EncoderKind kind, EncoderSettings settings, bool isText = false) => new(kind, settings, 6, isText);

    private static double[][] GruLayer(EncoderCase gru, int layer, double[][] inputs)
    {
        var (h, outputs) = (new double[3], new List<double[]>());
        foreach (var input in inputs)
        {
            var x = Linear(input, gru.Matrix($"{layer}.input.weight"), gru.Vector($"{layer}.input.bias"));
            var u = Linear(h, gru.Matrix($"{layer}.state.weight"), gru.Vector($"{layer}.state.bias"));
            h = [.. h.Select((state, i) =>
            {
                var (reset, update) = (Sigmoid(x[i] + u[i]), Sigmoid(x[3 + i] + u[3 + i]));
                return (1 - update) * Math.Tanh(x[6 + i] + reset * u[6 + i]) + update * state;
            })];
            outputs.Add(h);
        }
        return [.. outputs];
    }

    private static double[][] LstmLayer(EncoderCase lstm, int layer, double[][] inputs)
    {
        var (h, c, outputs) = (new double[3], new double[3], new List<double[]>());
        foreach (var input in inputs)
        {
            var gates = Add(
                Linear(input, lstm.Matrix($"{layer}.input.weight"), lstm.Vector($"{layer}.input.bias")),
                Linear(h, lstm.Matrix($"{layer}.state.weight")));
            c = [.. c.Select((cell, i) => Sigmoid(gates[3 + i]) * cell + Sigmoid(gates[i]) * Math.Tanh(gates[6 + i]))];
            h = [.. c.Select((cell, i) => Sigmoid(gates[9 + i]) * Math.Tanh(cell))];
            outputs.Add(h);
        }
        return [.. outputs];
    }

    private static double[][] TransformerBlocks(EncoderCase transformer, int[] row, NormPlace place, bool hasInput, bool isCausal)
    {
        var x = transformer.Embedded(row);
        if (hasInput)
            x = Each(x, vector => Linear(vector, transformer.Matrix("input.weight"), transformer.Vector("input.bias")));
        x = [.. x.Select((vector, i) => Add(vector, transformer.Matrix("positions")[isCausal ? row.Length - 1 - i : i]))];
        for (var layer = 0; layer < 2; layer++)
        {
            x = Around(x, $"{layer}.attention.norm", y => Attend(y, layer));
            x = Around(x, $"{layer}.forward.norm", y => Each(y, vector => Linear(
                Relu(Linear(vector, transformer.Matrix($"{layer}.forward.inner.weight"), transformer.Vector($"{layer}.forward.inner.bias"))),
                transformer.Matrix($"{layer}.forward.output.weight"), transformer.Vector($"{layer}.forward.output.bias"))));
        }
        return place == NormPlace.Pre ? NormAll(x, "norm") : x;

        double[][] Around(double[][] input, string norm, Func<double[][], double[][]> change) => place == NormPlace.Pre
            ? [.. input.Zip(change(NormAll(input, norm)), Add)]
            : NormAll([.. input.Zip(change(input), Add)], norm);

        double[][] NormAll(double[][] input, string norm) =>
            Each(input, vector => Norm(vector, transformer.Vector($"{norm}.weight"), transformer.Vector($"{norm}.bias")));

        double[][] Attend(double[][] input, int layer)
        {
            var all = Each(input, vector => Linear(
                vector, transformer.Matrix($"{layer}.attention.input.weight"), transformer.Vector($"{layer}.attention.input.bias")));
            var width = input[0].Length;
            var mixed = Attention(
                Each(all, y => y[..width]), Each(all, y => y[width..(2 * width)]), Each(all, y => y[(2 * width)..]), 2, isCausal);
            return Each(mixed, vector => Linear(
                vector, transformer.Matrix($"{layer}.attention.output.weight"), transformer.Vector($"{layer}.attention.output.bias")));
        }
    }

    private static double[][] Each(double[][] rows, Func<double[], double[]> map) => [.. rows.Select(map)];
}

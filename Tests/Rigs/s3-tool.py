#!/usr/bin/env python3
"""What an S3 service holds, asked through boto3.

    s3-tool.py ENDPOINT ACCESS_KEY SECRET_KEY make-bucket BUCKET
                                              put BUCKET KEY FILE
                                              move BUCKET KEY KEY         the object, its metadata with it
                                              fill BUCKET COUNT SIZE      COUNT objects of SIZE bytes
                                              begin-upload BUCKET KEY     an upload with one part, left open
                                              md5 BUCKET KEY              of the object's bytes
                                              keys BUCKET | uploads BUCKET | bytes BUCKET
                                              all BUCKET                  the keys, then "upload KEY" for those left open
                                              storage BUCKET KEY          its class, encryption and key
                                              session ROLE                keys that pass: id, secret and token
"""
import concurrent.futures
import hashlib
import sys

import boto3
import botocore.config

endpoint, access, secret, command, bucket, *rest = sys.argv[1:]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, aws_access_key_id=access, aws_secret_access_key=secret, region_name="us-east-1",
    config=botocore.config.Config(s3={"addressing_style": "path"}, max_pool_connections=16, retries={"max_attempts": 1}))


def objects():
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from page.get("Contents", [])


def uploads():
    return [entry["Key"] for entry in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


if command == "make-bucket":
    s3.create_bucket(Bucket=bucket)
elif command == "put":
    s3.upload_file(rest[1], bucket, rest[0])
elif command == "move":
    s3.copy_object(Bucket=bucket, Key=rest[1], CopySource={"Bucket": bucket, "Key": rest[0]})
    s3.delete_object(Bucket=bucket, Key=rest[0])
elif command == "fill":
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        body = b"x" * int(rest[1])
        list(pool.map(lambda number: s3.put_object(Bucket=bucket, Key=f"fill/{number}", Body=body), range(int(rest[0]))))
elif command == "begin-upload":
    upload = s3.create_multipart_upload(Bucket=bucket, Key=rest[0])["UploadId"]
    s3.upload_part(Bucket=bucket, Key=rest[0], UploadId=upload, PartNumber=1, Body=b"left open")
elif command == "md5":
    digest = hashlib.md5()
    for chunk in s3.get_object(Bucket=bucket, Key=rest[0])["Body"].iter_chunks(1 << 20):
        digest.update(chunk)
    print(digest.hexdigest())
elif command == "keys":
    for entry in objects():
        print(entry["Key"])
elif command == "bytes":
    print(sum(entry["Size"] for entry in objects()))
elif command == "uploads":
    print("".join(key + "\n" for key in uploads()), end="")
elif command == "all":
    print("".join([entry["Key"] + "\n" for entry in objects()] + [f"upload {key}\n" for key in uploads()]), end="")
elif command == "storage":
    head = s3.head_object(Bucket=bucket, Key=rest[0])
    for name in ("StorageClass", "ServerSideEncryption", "SSEKMSKeyId"):
        print(head.get(name, "-"))
elif command == "session":
    sts = boto3.client(
        "sts", endpoint_url=endpoint, aws_access_key_id=access, aws_secret_access_key=secret, region_name="us-east-1")
    keys = sts.assume_role(RoleArn="arn:aws:iam:::role/" + bucket, RoleSessionName="tests")["Credentials"]
    print(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], sep="\n")
else:
    sys.exit("no such command: " + command)
